"""A few notices of the inbox's own, in the person's language."""

from typing import Any

from tasks.blocks import Element
from tasks.words import language_of

Json = dict[str, Any]

NOTICES: dict[str, dict[str, str]] = {
    "unopened": {
        "en": "Slack could not open the form in time. Please press once more.",
        "ja": "時間内にフォームを開けませんでした。お手数ですが、もう一度押してください。",
    },
    "close": {"en": "Close", "ja": "閉じる"},
    "title": {"en": "A note", "ja": "お知らせ"},
    "receiving": {
        "en": "Your file is on its way into the record. You can close this; the message becomes a receipt when it is in.",
        "ja": "ファイルを記録に保存しています。この画面は閉じてかまいません。保存が終わるとメッセージが受領書に変わります。",
    },
    "used": {
        "en": "Thank you, this is in the record now as your answer.",
        "ja": "ありがとうございます。回答として記録しました。",
    },
    "fits_nothing": {
        "en": "None of your open requests can be answered with this message. A request that asks for a file needs a "
        "message with a file.",
        "ja": "このメッセージで回答できる依頼がありません。ファイルが必要な依頼には、ファイル付きのメッセージをお使いください。",
    },
    "recording": {
        "en": "Your answers are on their way into the record. You can close this; each message becomes a receipt when it is in.",
        "ja": "回答を記録しています。この画面は閉じてかまいません。記録が終わると、各メッセージが受領書に変わります。",
    },
    "several_done": {
        "en": "Recorded: {count}. Thank you.",
        "ja": "{count}件を記録しました。ありがとうございます。",
    },
    "several_title": {"en": "Answer several", "ja": "まとめて回答"},
    "several_waiting": {
        "en": "With a reviewer now: {count}. You will hear if anything is missing.",
        "ja": "うち{count}件はレビュー担当者が確認します。不足があればご連絡します。",
    },
    "several_left": {
        "en": "Not recorded: {count}. They are open as before:",
        "ja": "次の{count}件は記録できませんでした。これまでどおり未回答のままです。",
    },
    "concern": {
        "en": "Thank you for speaking up. It is with the governance leads who read concerns.",
        "ja": "お知らせいただきありがとうございます。懸念を担当するガバナンス責任者に届きました。",
    },
    "received": {
        "en": "Your file is in the record. Thank you.",
        "ja": "ファイルを記録しました。ありがとうございます。",
    },
    "nothing": {
        "en": "Nothing is waiting for you. We will write to you when something is.",
        "ja": "お待ちしている依頼はありません。必要なときにご連絡します。",
    },
    "help": {
        "en": "`/hoshin` shows what is waiting for you, with the buttons to answer it.\n"
        "`/hoshin report KEY` shows what is known of a system, a request (its number) or an improvement (`A-5`) of yours.\n"
        "`/hoshin status` shows leads and executives how the cycle stands.\n"
        "`/concern` takes a concern, confidentially or without your name.\n"
        "`/hoshin help` shows this. The Home tab of this app shows all of your requests, reviews and improvements.",
        "ja": "`/hoshin`：お待ちしている依頼と回答用のボタンを表示します。\n"
        "`/hoshin 詳細 キー`：担当するシステム、依頼（番号）、改善処置（`A-5`）の記録を表示します。\n"
        "`/hoshin 状況`：サイクルの状況を表示します（ガバナンス責任者・経営層向け）。\n"
        "`/concern`：懸念を秘密厳守または匿名で伝えられます。\n"
        "`/hoshin ヘルプ`：この説明を表示します。アプリの「ホーム」タブには、依頼・レビュー・改善処置がすべて表示されます。",
    },
    "did_you_mean": {"en": "Did you mean `/hoshin {word}`?", "ja": "`/hoshin {word}` でしょうか。"},
    "which_report": {
        "en": "Which one? For example `/hoshin report 12` (a request), `/hoshin report A-5` (an improvement) or "
        "`/hoshin report` with the key of a system.",
        "ja": "どれを表示しますか。例：`/hoshin 詳細 12`（依頼）、`/hoshin 詳細 A-5`（改善処置）、`/hoshin 詳細` とシステムのキー。",
    },
    "no_cycle": {
        "en": "No cycle is planned yet.",
        "ja": "計画されたサイクルはまだありません。",
    },
}


def notice(name: str, locale: str) -> str:
    """One of the inbox's own notices."""
    return NOTICES[name][language_of(locale)]


def notice_view(text: str, locale: str, title: str = "title") -> Json:
    """A modal that only says something; `title` names the notice at its head."""
    return {
        "type": "modal",
        "title": _plain(notice(title, locale)),
        "close": _plain(notice("close", locale)),
        "blocks": [{"type": "section", "block_id": "notice", "text": _plain(text)}],
    }


def _plain(text: str) -> Element:
    return {"type": "plain_text", "text": text, "emoji": False}
