"""What can go wrong that a person can mend: the class is the kind of trouble, the message the sentence."""


class HoshinError(Exception):
    """Something the person at the keyboard can mend; the message says where and how. Ends a command with exit 2."""

    exit_code = 2


class BadInput(HoshinError):
    """A file or an answer is wrong. Nothing was changed."""


class Refused(HoshinError):
    """The person may not do this, or the record is past it. Nothing was changed."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Busy(HoshinError):
    """Another process runs the same stage at this moment; try again when it has ended."""

    exit_code = 3


class NotKept(HoshinError):
    """The database could not keep a change, for want of room or because others hold it. Nothing of it was written."""

    exit_code = 4


class Tampered(HoshinError):
    """The journal is not what was written. Ends `hoshin verify` with exit 1."""

    exit_code = 1
