"""What can be wrong with a segment."""

from __future__ import annotations


class SegmentError(Exception):
    """A segment cannot be used; it has to be built again from the documents."""


class ForeignSegment(SegmentError):
    """The segment was written in another format version."""


class DamagedSegment(SegmentError):
    """The segment's file is missing, cut short, or its checksums do not match."""
