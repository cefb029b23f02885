"""Entries that the log has lost, as it says itself: in a statement beside the tiles, and in the leaf after them."""

from __future__ import annotations

import base64
import hashlib
import re

from clients.verify_log.folder import GAP_PATH, FileBad, LogFolder
from clients.verify_log.gap import Gap, lost_leaf
from clients.verify_log.log import PublishedLog, Unreadable
from clients.verify_log.report import Report

_STATEMENT = re.compile(
    r"(?P<origin>[^\n]+)\ngap\n(?P<first>[0-9]{1,19})\n(?P<kept>[0-9]{1,19})\n(?P<last>[0-9]{1,19})\n"
    r"(?P<root>[A-Za-z0-9+/]{43}=)\n(?P<at>[0-9T:.+-]{1,40})\n"
)


def check_gaps(report: Report, folder: LogFolder, log: PublishedLog, origin: str) -> None:
    """Tell the log which gaps it publishes, and say each; a lost leaf outside of them is bad."""
    log.gaps = [gap for path in folder.paths() if (gap := _gap(report, folder, log, origin, path)) is not None]
    _check_lost(report, log, origin)


def _gap(report: Report, folder: LogFolder, log: PublishedLog, origin: str, path: str) -> Gap | None:
    named = GAP_PATH.fullmatch(path)
    if named is None:
        return None
    index = int(named["index"])
    if index >= log.size:
        report.note(f"{path}: belongs to a later checkpoint; it was not checked")
        return None
    try:
        content = folder.read(path)
        leaf = log.leaf(index)
    except (FileBad, Unreadable):
        report.bad(f"{path}: it, or the entry {index} that it is about, cannot be read", entry=index)
        return None
    said = _STATEMENT.fullmatch(content.decode("ascii", "replace"))
    if said is None or said["origin"] != origin or hashlib.sha256(content).digest() != leaf:
        report.bad(f"{path}: is not the statement that entry {index} commits to", entry=index)
        return None
    gap = Gap(int(said["first"]), int(said["kept"]), int(said["last"]))
    if not gap.first <= gap.kept <= gap.last + 1 == index or gap.first > gap.last:
        report.bad(f"{path}: states a gap that cannot be", entry=index)
        return None
    try:
        is_same = log.root_at(gap.first) == base64.b64decode(said["root"])
    except Unreadable:
        is_same = False
    if not is_same:
        report.bad(f"{path}: the log before the gap is not the one that it states", entry=gap.first)
    stand = f"; the leaves of {gap.first} to {gap.kept - 1} stand" if gap.kept > gap.first else ""
    report.gap(f"entries {gap.first} to {gap.last} ARE LOST, as the log itself published at {said['at']}{stand}")
    return gap


def _check_lost(report: Report, log: PublishedLog, origin: str) -> None:
    """Say where a leaf is lost and no gap says so, and where one should be and is not."""
    for index, leaf in log.entries():
        is_lost = leaf == lost_leaf(origin, index)
        is_published = any(gap.has_lost_leaf(index) for gap in log.gaps)
        if is_lost and not is_published:
            report.bad(f"{log.path_of(index)}: entry {index} is lost, and no published gap says so", entry=index)
        elif is_published and not is_lost:
            report.bad(f"{log.path_of(index)}: entry {index} is in a published gap, and is not lost", entry=index)
