"""Who watches a Socket Mode process learns whether its socket is connected: without one nobody's press arrives."""

from pathlib import Path

from inbox_town import town_over

from inbox.watch import Watch


def test_it_is_ready_only_while_the_socket_is_connected(template: Path, tmp_path: Path) -> None:
    with town_over("socket", template, tmp_path / "home") as town:
        door = town.door
        assert door
        watch = Watch(town.inbox, connected=lambda: door.is_connected)
        assert watch.look() == {"ready": True, "database": "ok", "slack": "ok", "socket": "ok"}
        door.close()
        assert watch.look() == {"ready": False, "database": "ok", "slack": "ok", "socket": "not connected"}
