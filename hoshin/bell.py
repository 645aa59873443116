"""A bell beside the outbox: rung after an answer, it has the outbox delivered at once rather than at the next tick."""

import logging
import threading
from types import TracebackType

from cycles.errors import HoshinError
from flows import work
from flows.house import House

log = logging.getLogger("hoshin.bell")


class Bell:
    """A thread that delivers whenever it is rung; many rings while it works make one more pass."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._rung, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._listen, name="hoshin-bell", daemon=True)

    def ring(self) -> None:
        """Ask for a delivery pass; returns at once."""
        self._rung.set()

    def _listen(self) -> None:
        while True:
            self._rung.wait()
            self._rung.clear()
            if self._over.is_set():
                return
            try:
                work.deliver_messages(self.house)
            except HoshinError as error:
                log.error("the outbox could not be delivered: %s", error)
            except Exception:
                # The next tick tries again; the answer that rang is safe in the record.
                log.exception("the outbox could not be delivered")

    def __enter__(self) -> "Bell":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._rung.set()
        self._thread.join(timeout=30)
