"""Putting one claimed message before its reader, and what to do with it after each kind of answer."""

from uuid import NAMESPACE_URL, uuid5

from cycles import outbox
from cycles.models import Delivery
from tasks.slack.answers import Answer, Halted
from tasks.slack.people import NOBODY, forget, lookup, matched
from tasks.slack.tour import PAUSE, UNWRITTEN_PAUSE, Letter, Payload, Tour, Unwritten

NAMESPACE = uuid5(NAMESPACE_URL, "urn:hoshin:delivery")
EVENT = "hoshin_prompt"
# A machine that slept between claim and call must not post what others have meanwhile taken for lost and sent.
FRESH = outbox.DOUBT_AFTER / 3
NO_THREAD = frozenset({"thread_not_found", "cannot_reply_to_message", "invalid_thread_ts"})


def channel_of(tour: Tour, letter: Letter) -> str | None:
    """The direct conversation with the reader; None when there is none, which is then settled.

    Slack opens about 50 conversations a minute; beyond that the reader's own id does, which chat.postMessage takes too.
    """
    slack_id = letter.person.slack_id or _account_of(tour, letter)
    if slack_id is None:
        return None
    if slack_id in tour.channels:
        return tour.channels[slack_id]
    answer = tour.ask("conversations.open", lambda: tour.client.conversations_open(users=[slack_id]))
    if answer.taken:
        tour.channels[slack_id] = str(answer.data["channel"]["id"])
        return tour.channels[slack_id]
    if answer.kind == "limited":
        return slack_id
    if answer.error in NOBODY:
        with tour.record.write() as session:
            forget(session, letter.person)
    put_back(tour, letter, answer)
    return None


def _account_of(tour: Tour, letter: Letter) -> str | None:
    answer = tour.ask("users.lookupByEmail", lookup(tour.client, letter.person))
    match = matched(tour.record, letter.person, answer)
    if match.problem:
        tour.fail(letter, match.problem)
    elif match.slack_id is None:
        put_back(tour, letter, match.answer)
    return match.slack_id


def written(tour: Tour, letter: Letter, of: Delivery) -> Payload | None:
    """The words of a message; None when there are none, which is then settled."""
    try:
        payload = tour.compose(of)
    except Unwritten as error:
        tour.postpone(letter, tour.now() + UNWRITTEN_PAUSE, str(error))
        tour.errors.append(str(error))
        return None
    if payload is None:
        tour.withdraw(letter)
    return payload


def post(
    tour: Tour, letter: Letter, channel: str, payload: Payload, thread: str | None, *, elsewhere: bool = True
) -> Answer:
    """Post once; where the thread is gone, beside it if `elsewhere`. A claim that has grown old is given back instead.

    Metadata is readable by everybody in the workspace, so it names our number and nothing else.

    Raises:
        Halted: when the installation is wrong; the message is back in the queue.
    """
    delivery = letter.delivery
    if delivery.claimed_at and tour.now() - delivery.claimed_at > FRESH:
        return Answer(kind="unreached", error="the claim grew old before it could be sent")

    def call(thread_ts: str | None) -> Answer:
        return tour.ask(
            "chat.postMessage",
            lambda: tour.client.chat_postMessage(
                channel=channel,
                text=payload["text"],
                blocks=payload.get("blocks"),
                thread_ts=thread_ts,
                client_msg_id=str(uuid5(NAMESPACE, delivery.key)),
                metadata={"event_type": EVENT, "event_payload": {"delivery": delivery.id}},
                unfurl_links=False,
                unfurl_media=False,
            ),
            of=channel,
        )

    try:
        answer = call(thread)
        if thread and elsewhere and answer.error in NO_THREAD:
            return call(None)
        return answer
    except Halted as halted:
        tour.postpone(letter, delivery.not_before, str(halted))
        raise


def keep(tour: Tour, letter: Letter, channel: str, answer: Answer, how: str = "sent") -> None:
    if not answer.taken:
        put_back(tour, letter, answer, posted=True)
    elif ts := str(answer.data.get("ts") or ""):
        tour.sent(letter, str(answer.data.get("channel") or channel), ts, how)
    else:
        tour.doubt(letter, "Slack's answer named no timestamp")


def put_back(tour: Tour, letter: Letter, answer: Answer, *, posted: bool = False) -> None:
    """What to do with a message whose call did not succeed; only a post can leave it in doubt."""
    if answer.kind == "limited":
        tour.postpone(letter, tour.now() + answer.wait, answer.error)
    elif answer.kind == "refused":
        tour.fail(letter, _sentence(letter, answer))
    elif answer.kind == "unclear" and posted:
        tour.doubt(letter, answer.error)
    else:
        tour.postpone(letter, tour.now() + PAUSE, answer.error)


def _sentence(letter: Letter, answer: Answer) -> str:
    """For the lead: what Slack refuses and what to do."""
    name, error = letter.person.name, answer.error
    if error in NOBODY:
        return f"{name} ({letter.person.email}) has no active Slack account ({error}); correct the e-mail or the owner."
    if error in ("not_in_channel", "is_archived", "channel_not_found") or error.startswith("restricted_action"):
        return f"Slack does not let the app write to {name} ({error}); ask the workspace's administrators why."
    details = "; ".join(str(line) for line in (answer.data.get("response_metadata") or {}).get("messages", ()))
    return f"Slack refuses message {letter.delivery.key} to {name} ({error}{': ' + details if details else ''})."


def decent(tour: Tour, letter: Letter) -> bool:
    """Whether the reader may be disturbed now; otherwise the message waits for their next working hour."""
    hours, now = tour.directory.hours(letter.delivery.person_id), tour.now()
    if not hours.is_decent(now):
        tour.postpone(letter, hours.next_decent(now))
        return False
    return True
