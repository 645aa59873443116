"""Files that are never taken as evidence: programs, and pages that could run a script where somebody opens them.

Judged by name and by the type their sender states; the content is not looked into. Evidence is for reading: who must
keep a page shares a link or a PDF.
"""

from cycles.errors import BadInput

PROGRAMS = (
    "apk app appimage bat cmd com cpl deb dll dmg elf exe gadget hta inf iso jar js jse jsx lnk mjs msc msi msix msp "
    "pif pkg ps1 psm1 reg rpm run scr sct sh so sys url vb vbe vbs vhd vhdx wsc wsf wsh xll"
)
PAGES = "htm html mht mhtml shtml svg svgz swf xht xhtml xsl xslt"
EXTENSIONS = frozenset(f"{PROGRAMS} {PAGES}".split())
MEDIA_TYPES = frozenset(
    {
        "application/hta",
        "application/java-archive",
        "application/javascript",
        "application/vnd.microsoft.portable-executable",
        "application/x-dosexec",
        "application/x-executable",
        "application/x-msdos-program",
        "application/x-msdownload",
        "application/x-sh",
        "application/xhtml+xml",
        "image/svg+xml",
        "text/html",
        "text/javascript",
    }
)


class RefusedType(BadInput):
    """A file of this type is not taken."""


def check_type(name: str, media_type: str = "") -> None:
    """Raises RefusedType for a program or an active page, by the last extension of its name or its stated type."""
    # Windows drops trailing dots and blanks, and so would start `report.exe. `.
    _, dot, last = name.rstrip(". \t").rpartition(".")
    extension = last.strip().lower() if dot else ""
    stated = media_type.partition(";")[0].strip().lower()
    if extension in EXTENSIONS or stated in MEDIA_TYPES:
        kind = f".{extension}" if extension in EXTENSIONS else stated
        raise RefusedType(f"{name}: programs and web pages ({kind}) are not taken. Share a PDF of it, or a link to it.")
