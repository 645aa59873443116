"""What the page tests show: a message with everything in it, a full modal, a home."""

from typing import Any

from slack_sdk import WebClient

Json = dict[str, Any]
NOTE = "due <!date^1791248400^{date_short_pretty}, {time}|6 Oct>"


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(value: str, text: str, **more: Any) -> Json:
    return {"text": plain(text), "value": value, **more}


def press(action_id: str, text: str, **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(text), **more}


CONFIRM = {
    "title": plain("Still true?"),
    "text": plain("You state that nothing changed since 1 July."),
    "confirm": plain("Yes, still true"),
    "deny": plain("Not yet"),
}

PROMPT: list[Json] = [
    {"type": "header", "text": plain("Risk assessment for Claims Triage")},
    {
        "type": "section",
        "text": {
            "type": "mrkdwn",
            "text": f"*AI-042* needs a _fresh_ risk assessment, {NOTE}.\n> Last one: ~12 March~ `RA-2026-03` :warning:\n"
            "See <https://docs.example/ra|the document>, ask <@U00000002> or post in <#C00000001>.",
        },
        "accessory": {
            "type": "overflow",
            "action_id": "more",
            "options": [option("delegate", "Delegate"), option("not_mine", "Not mine")],
        },
    },
    {
        "type": "section",
        "fields": [
            {"type": "mrkdwn", "text": "*System*\nClaims Triage"},
            {"type": "mrkdwn", "text": "*Risk tier*\n:red_circle: High"},
            {"type": "mrkdwn", "text": "*Controls*\nA.5.2 · A.6.1.3 · MAP 1.1"},
            {"type": "mrkdwn", "text": "*Why you*\nOwner since April"},
        ],
    },
    {
        "type": "actions",
        "block_id": "answer",
        "elements": [
            press("submit_evidence", "Submit evidence", value="r1", style="primary"),
            press("still_true", "Still true", value="r1", confirm=CONFIRM),
            press("reject", "Not applicable", value="r1", style="danger"),
            {
                "type": "static_select",
                "action_id": "snooze",
                "placeholder": plain("Snooze"),
                "options": [option("1", "1 day"), option("7", "1 week")],
            },
            {"type": "users_select", "action_id": "delegate", "placeholder": plain("Delegate to")},
            {"type": "datepicker", "action_id": "when"},
        ],
    },
    {"type": "divider"},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "Cycle FY2026-Q3 · one press is enough"}]},
]

RICH: list[Json] = [
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "Returned by "},
                    {"type": "user", "user_id": "U00000002"},
                    {"type": "text", "text": " because:", "style": {"bold": True}},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "ordered",
                "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": "the date is missing"}]},
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": "説明責任の範囲が不明確"}]},
                ],
            },
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "<script>alert(1)</script>"}]},
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "sha256  9f2c…e1"}]},
        ],
    }
]

EVIDENCE: Json = {
    "type": "modal",
    "callback_id": "evidence",
    "title": plain("Submit evidence"),
    "submit": plain("Submit"),
    "close": plain("Cancel"),
    "blocks": [
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Claims Triage* — risk assessment"}},
        {
            "type": "input",
            "block_id": "link",
            "label": plain("Link to the document"),
            "element": {"type": "url_text_input", "action_id": "a", "placeholder": plain("https://…")},
            "hint": plain("Everyone who reviews must be able to open it."),
        },
        {
            "type": "input",
            "block_id": "effective",
            "label": plain("Effective date"),
            "element": {"type": "datepicker", "action_id": "a", "initial_date": "2026-10-01"},
        },
        {
            "type": "input",
            "block_id": "kind",
            "label": plain("What is it?"),
            "element": {
                "type": "radio_buttons",
                "action_id": "a",
                "options": [
                    option("new", "A new assessment", description=plain("Carried out in this cycle")),
                    option("same", "Confirmed unchanged"),
                ],
            },
        },
        {
            "type": "input",
            "block_id": "watchers",
            "label": plain("Also tell"),
            "optional": True,
            "element": {"type": "multi_users_select", "action_id": "a"},
        },
        {
            "type": "input",
            "block_id": "files",
            "label": plain("Files"),
            "optional": True,
            "element": {"type": "file_input", "action_id": "a", "max_files": 5},
        },
        {
            "type": "input",
            "block_id": "note",
            "label": plain("Note"),
            "optional": True,
            "element": {"type": "plain_text_input", "action_id": "a", "multiline": True, "max_length": 200},
        },
    ],
}

PROMPT_JA: list[Json] = [
    {"type": "header", "text": plain("与信スコアリングのリスクアセスメント")},
    {
        "type": "section",
        "text": {
            "type": "mrkdwn",
            "text": "*AI-007* のリスクアセスメントを <!date^1791248400^{date_long}|10月6日> までに提出してください。\n"
            "> 前回: 2026年3月12日 `RA-2026-03` :warning:",
        },
    },
    {
        "type": "actions",
        "elements": [
            press("submit_evidence", "エビデンスを提出", style="primary"),
            press("still_true", "変更なし"),
            press("snooze", "あとで知らせる"),
        ],
    },
    {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": "サイクル FY2026-Q3 ・ あなたがこのシステムの責任者です"}],
    },
]

HOME: Json = {
    "type": "home",
    "blocks": [
        {"type": "header", "text": plain("Your open requests")},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Claims Triage* — risk assessment\n" + NOTE},
         "accessory": press("open", "Submit evidence", style="primary", value="r1")},
        {"type": "divider"},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Chat Assistant* — transparency notice\nsnoozed"},
         "accessory": press("open", "Submit evidence", value="r2")},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "2 open · 0 late"}]},
    ],
}  # fmt: skip


def fill(web: WebClient) -> str:
    """Post the scene; returns the timestamp of the prompt to Maria."""
    web.chat_postMessage(channel="U00000001", text="依頼", blocks=PROMPT_JA)
    prompt = web.chat_postMessage(channel="U00000002", text="Prompt", blocks=PROMPT)["ts"]
    channel = web.conversations_open(users="U00000002")["channel"]["id"]
    web.chat_postMessage(channel=channel, text="A reminder: two workdays left.", thread_ts=prompt)
    web.chat_postMessage(channel=channel, text="Third time lucky :tada:", thread_ts=prompt)
    web.chat_postMessage(channel=channel, text="Returned", blocks=RICH)
    receipt = web.chat_postMessage(channel=channel, text="Recorded")["ts"]
    web.chat_update(channel=channel, ts=receipt, text=":white_check_mark: Recorded as *E-17*.\n```sha256 9f2c```")
    web.chat_postEphemeral(channel=channel, user="U00000002", text="Only for you")
    web.views_publish(user_id="U00000002", view=HOME)
    return str(prompt)
