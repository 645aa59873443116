"""Why something was not done, in the person's language.

A refusal says what to do next, blames nobody, and never shows the record's own sentence, which is for the log.
"""

from tasks.words import language_of

REFUSALS: dict[str, dict[str, str]] = {
    "answered": {
        "en": "Thank you, this is settled already. Nothing was changed.",
        "ja": "ありがとうございます。この件はすでに対応済みです。変更はありません。",
    },
    "acceptance_end": {
        "en": "Please choose a later day, within what the programme allows for risk acceptances.",
        "ja": "リスク受容の期限として認められている範囲の日付を選んでください。",
    },
    "leads_only": {
        "en": "How the whole cycle stands is for governance leads and executives. `/hoshin` shows your own requests.",
        "ja": "サイクル全体の状況は、ガバナンス責任者と経営層の方にお見せしています。ご自身の依頼は `/hoshin` で表示できます。",
    },
    "no_report": {
        "en": "There is nothing of this name that you can see. `/hoshin` shows your own requests, and "
        "`/hoshin help` what else you can ask.",
        "ja": "その名前で表示できるものがありません。`/hoshin` でご自身の依頼を、`/hoshin ヘルプ` で使い方を表示できます。",
    },
    "no_such_word": {"en": "I do not know this word.", "ja": "その言葉は分かりませんでした。"},
    "asked_already": {
        "en": "Somebody has asked for this already; it waits for a decision.",
        "ja": "すでに申請済みで、判断を待っています。",
    },
    "bounds": {
        "en": "Please choose a day within the range that is offered.",
        "ja": "選択できる範囲の日付を選んでください。",
    },
    "closed": {
        "en": "This cycle is not open, so nothing can be answered in it now. Nothing was changed.",
        "ja": "このサイクルは受付期間外のため、回答できません。変更はありません。",
    },
    "confirm": {
        "en": "This cannot be confirmed as unchanged any more. Please choose “Submit evidence” instead.",
        "ja": "「変更なし」としては確認できません。「証跡を提出」を選んでください。",
    },
    "form": {
        "en": "This kind of evidence is not taken in that form. Please use one of the fields that are offered.",
        "ja": "この証跡はその形式では受け付けられません。表示されている欄を使ってください。",
    },
    "expired": {
        "en": "Evidence of this date is out of date already. Please give a newer document, or the date it was renewed.",
        "ja": "この日付の証跡は、すでに有効期間を過ぎています。新しい文書、または更新日をご入力ください。",
    },
    "link": {
        "en": "Please give a link that starts with http:// or https://.",
        "ja": "http:// または https:// で始まるリンクをご入力ください。",
    },
    "due_past": {
        "en": "This day is past. Please choose a later one.",
        "ja": "過去の日付です。後の日付を選んでください。",
    },
    "flood": {
        "en": "Many reports wait to be read just now, so nothing was recorded. Please speak to the governance lead.",
        "ja": "未確認の報告が多いため、記録できませんでした。ガバナンス責任者に直接ご連絡ください。",
    },
    "future": {
        "en": "This date lies in the future. Please give the date the document is of.",
        "ja": "未来の日付です。文書の日付を入力してください。",
    },
    "vote": {
        "en": "This vote is not open to you here. Please choose one of the buttons that are offered.",
        "ja": "この選択はここではできません。表示されているボタンから選んでください。",
    },
    "in_order": {
        "en": "The evidence is in order by now, so there is no risk to accept. Nothing was changed.",
        "ja": "証跡はすでに有効なため、受容するリスクはありません。変更はありません。",
    },
    "left": {
        "en": "This person has left the organisation according to the programme. Please choose somebody else.",
        "ja": "プログラム上、この方はすでに退職しています。別の方を選んでください。",
    },
    "you_left": {
        "en": "According to the programme you have left the organisation. If that is wrong, please tell your "
        "governance lead.",
        "ja": "プログラム上、あなたは退職済みとなっています。誤りであれば、ガバナンス責任者に連絡してください。",
    },
    "long": {
        "en": "This is too long. Please say it in fewer words.",
        "ja": "文字数が多すぎます。短くまとめてください。",
    },
    "no_approver": {
        "en": "There is nobody else who may approve this. The programme needs another lead or an executive.",
        "ja": "ほかに承認できる人がいません。プログラムに別の責任者または経営層の登録が必要です。",
    },
    "no_reviewer": {
        "en": "There is nobody else who may review this. Please tell your governance lead.",
        "ja": "ほかに審査できる人がいません。ガバナンス責任者に連絡してください。",
    },
    "not_yours": {
        "en": "Only the person who was asked, their line or the governance lead can do this. Nothing was changed.",
        "ja": "この操作ができるのは、依頼された本人、その上長、ガバナンス責任者だけです。変更はありません。",
    },
    "own": {
        "en": "Somebody else has to say whether your action worked.",
        "ja": "ご自身の改善処置の効果は、別の方が判断します。",
    },
    "own_risk": {
        "en": "Somebody else has to decide about a risk you asked to accept.",
        "ja": "ご自身が申請したリスク受容は、別の方が判断します。",
    },
    "reason": {"en": "Please write a short reason.", "ja": "理由を簡潔に記入してください。"},
    "self": {
        "en": "It is with this person already. Please choose somebody else.",
        "ja": "すでにこの方の担当です。別の方を選んでください。",
    },
    "snoozes": {
        "en": "This was snoozed as often as the programme allows. Please answer it, or delegate it.",
        "ja": "延期できる回数の上限に達しました。回答するか、別の方に依頼してください。",
    },
    "still_lapsed": {
        "en": "The evidence is still out of order, so the action cannot have worked yet.",
        "ja": "証跡がまだ有効でないため、効果があったとは判断できません。",
    },
    "three": {
        "en": "For an action of high severity, please tell all three: what was put right, why it happened, and what keeps "
        "it from happening again.",
        "ja": "重大度「高」の改善処置では、是正内容、原因、再発防止策のすべてをご記入ください。",
    },
    "title": {"en": "Please say it in one sentence.", "ja": "一文で記入してください。"},
    "unknown": {
        "en": "This is not in the record any more. Nothing was changed.",
        "ja": "この件は記録に見つかりません。変更はありません。",
    },
    "stranger": {
        "en": "Hoshin does not know you yet. Please ask your governance lead to add you to the programme, with the "
        "e-mail address you use in Slack.",
        "ja": "Hoshinに登録されていません。Slackで使っているメールアドレスをプログラムに追加するよう、"
        "ガバナンス責任者に依頼してください。",
    },
    "nobody": {
        "en": "This person is not in the programme. Please choose somebody else, or ask the governance lead to add them.",
        "ja": "この方はプログラムに登録されていません。別の方を選ぶか、ガバナンス責任者に追加を依頼してください。",
    },
    "file_empty": {
        "en": "This file is empty. Please choose another one.",
        "ja": "ファイルが空です。別のファイルを選んでください。",
    },
    "file_large": {
        "en": "This file is larger than {limit} MB. Please give a link to it instead.",
        "ja": "ファイルが{limit} MBを超えています。代わりにリンクを入力してください。",
    },
    "file_type": {
        "en": "Programs and web pages are not taken as evidence. Please choose a PDF of it, or give a link to it.",
        "ja": "プログラムやWebページは証跡として受け付けられません。PDFを選ぶか、リンクを入力してください。",
    },
    "file_unkept": {
        "en": "The file could not be kept just now. Please try again later, or give a link to it.",
        "ja": "現在ファイルを保存できません。後でもう一度試すか、リンクを入力してください。",
    },
    "file_lost": {
        "en": "The file could not be fetched from Slack. Please try again, or give a link to it.",
        "ja": "Slackからファイルを取得できませんでした。もう一度試すか、リンクを入力してください。",
    },
    "many": {
        "en": "There are twenty steps already, which is as many as an improvement can have.",
        "ja": "手順は20件まで登録できます。すでに上限に達しています。",
    },
    "milestone_due": {
        "en": "A step cannot be later than the day the improvement is due. A lead can move that day.",
        "ja": "手順の期日は、改善処置の期限までの日付にしてください。期限を変更できるのはガバナンス責任者です。",
    },
    "milestone_past": {
        "en": "Please choose today or a later day for the step.",
        "ja": "手順の期日には、本日以降の日付を選んでください。",
    },
    "trouble": {
        "en": "Something went wrong on our side and nothing was changed. Please try again in a moment.",
        "ja": "こちらの不具合により処理できませんでした。変更はありません。少し待ってからもう一度お試しください。",
    },
}

# Beside which field a refusal stands, in the order looked for; a refusal not named here ends the form.
BESIDE: dict[str, tuple[str, ...]] = {
    "acceptance_end": ("until",),
    "answered": ("request",),
    "closed": ("request",),
    "not_yours": ("request",),
    "unknown": ("request",),
    "bounds": ("until",),
    "due_past": ("due",),
    "long": ("title", "reason", "detail"),
    "title": ("title",),
    "three": ("root_cause",),
    "file_empty": ("file", "use", "request"),
    "file_large": ("file", "use", "request"),
    "file_lost": ("file", "use", "request"),
    "file_type": ("file", "use", "request"),
    "file_unkept": ("file", "use", "request"),
    "form": ("link", "file", "attestation", "use", "request"),
    "expired": ("effective",),
    "future": ("effective",),
    "link": ("link", "use", "request"),
    "left": ("user",),
    "nobody": ("user",),
    "reason": ("reason", "note", "correction"),
    "self": ("user",),
}


def refusal(reason: str, locale: str, *, limit: int = 0) -> str:
    """Why not, and what to do. A reason nobody has written words for says that nothing was changed."""
    said = REFUSALS.get(reason, REFUSALS["trouble"])
    return said[language_of(locale)].replace("{limit}", str(limit))
