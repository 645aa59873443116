"""What Slack reports by itself: somebody opened their home, a profile changed, the app was removed."""

from collections.abc import Callable

from sqlmodel import Session

from cycles import accounts
from cycles.errors import Refused
from cycles.models import Inbound
from inbox import home, people
from inbox.house import Inbox, log
from inbox.letters import Letter
from inbox.people import Stranger
from inbox.visit import Reply, Visit


def handle(inbox: Inbox, letter: Letter) -> Reply:
    """An event, once per event_id; one we did not subscribe to is acknowledged and forgotten."""
    handler = EVENTS.get(letter.verb)
    return handler(inbox, letter) if handler else Reply()


def _home_opened(inbox: Inbox, letter: Letter) -> Reply:
    if letter.event.get("tab") != "home":
        return Reply()
    try:
        visit = Visit(inbox=inbox, letter=letter, person=people.find(inbox, letter.user), now=inbox.clock())
    except Stranger as error:
        log.info("refused: a home for %s, stranger (%s)", letter.user, error)
        return Reply()
    except Refused as error:
        log.warning("a home cannot be shown now (%s)", error)
        return Reply(status=500)
    if not visit.settle(lambda act: home.remember(act.session, visit)):
        return Reply()
    return Reply(then=(lambda: home.publish(visit),))


def _user_changed(inbox: Inbox, letter: Letter) -> Reply:
    """What people.yaml leaves out follows Slack; a difference to what it says is for the lead to see."""
    user = letter.event.get("user")
    if not isinstance(user, dict):
        return Reply()
    with inbox.write() as session:
        person = people.by_slack_id(session, letter.user)
        if person is None or not _entered(session, inbox, letter, person.key):
            return Reply()
        profile = accounts.Profile.of(user)
        found = accounts.hear(session, person, profile, now=inbox.clock())
        accounts.keep(session, {person.key: profile}, inbox.clock())
        key = person.key
    if not profile.active:
        log.warning("%s is deactivated in Slack; set left_on in people.yaml or name another owner", key)
    for difference in found:
        log.info("%s", difference)
    return Reply()


def _removed(inbox: Inbox, letter: Letter) -> Reply:
    if _enter(inbox, letter, ""):
        log.error(
            "Slack reports %s: no message can be delivered until the app is installed again and "
            "HOSHIN_SLACK_BOT_TOKEN holds its new token",
            letter.verb,
        )
    return Reply()


def _enter(inbox: Inbox, letter: Letter, person: str) -> bool:
    """Enter an event that has no effect of its own; False when it came before."""
    with inbox.write() as session:
        return _entered(session, inbox, letter, person)


def _entered(session: Session, inbox: Inbox, letter: Letter, person: str) -> bool:
    if session.get(Inbound, letter.key) is not None:
        return False
    session.add(Inbound(key=letter.key, at=inbox.clock(), kind="event", person=person, outcome=letter.verb))
    return True


EVENTS: dict[str, Callable[[Inbox, Letter], Reply]] = {
    "app_home_opened": _home_opened,
    "user_change": _user_changed,
    "tokens_revoked": _removed,
    "app_uninstalled": _removed,
}
