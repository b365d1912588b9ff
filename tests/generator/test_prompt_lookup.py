"""Drafts are what followed before; kept keys and values are found by their longest common beginning."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from generator import Generator
from generator.lookup import PromptLookup
from generator.prefix import PrefixCache, grown

TOKENS = st.lists(st.integers(0, 3), max_size=40)


@given(tokens=TOKENS, most=st.integers(0, 12))
def test_a_draft_is_a_copy_of_what_followed_the_same_tokens(tokens: list[int], most: int):
    draft = PromptLookup(tokens).draft(most)
    assert len(draft) <= most
    if draft:
        starts = [i for i in range(2, len(tokens)) if tokens[i - 2 : i] == tokens[-2:]]
        assert any(tokens[i : i + len(draft)] == draft for i in starts)


def test_three_tokens_matching_go_before_two_and_later_before_earlier():
    assert PromptLookup([1, 2, 3, 7, 7, 2, 3, 8, 8, 1, 2, 3]).draft(2) == [7, 7]
    assert PromptLookup([2, 3, 7, 7, 2, 3, 8, 8, 2, 3]).draft(2) == [8, 8]
    assert PromptLookup([1, 2, 3]).draft(5) == []


def test_drafts_grow_with_success_and_shrink_with_failure():
    lookup = PromptLookup([1, 2, *range(10, 40), 1, 2])
    first = len(lookup.draft(20))
    lookup.checked(first, first)
    longer = len(lookup.draft(20))
    lookup.checked(longer, 0)
    assert first < longer
    assert len(lookup.draft(20)) == 1


def test_a_known_beginning_is_taken_up_or_copied(tiny: Generator):
    decoder = tiny._load().decoder
    cache = PrefixCache(decoder, budget=1 << 20)
    kv = cache.take(list(range(10, 40)), 64)
    assert kv.length == 0
    decoder.forward(kv, list(range(10, 40)), [29])
    cache.give(kv)

    # the same chat goes on: taken over as it is
    again = cache.take([*range(10, 40), 50, 51], 64)
    assert again is kv
    assert again.length == 30
    cache.give(again)

    # the same tokens once more: the last one is left to run
    again = cache.take(list(range(10, 40)), 64)
    assert again.length == 29
    decoder.forward(again, [39], [0])
    cache.give(again)

    # a shorter beginning: copied, and the longer one stays
    other = cache.take([*range(10, 18), 99], 64)
    assert other is not kv
    assert other.tokens == list(range(10, 18))
    cache.give(other)
    assert cache.take([*range(10, 40), 50], 64).length == 30

    # nothing in common
    assert cache.take([99, 98], 64).length == 0


def test_the_oldest_are_dropped_when_the_budget_is_spent(tiny: Generator):
    decoder = tiny._load().decoder
    cache = PrefixCache(decoder, budget=2 * 256 * decoder.config.kv_bytes)
    for first in (10, 20, 30):
        kv = cache.take([first, 5, 6], 16)
        decoder.forward(kv, [first, 5, 6], [2])
        cache.give(kv)
    assert cache.take([10, 5, 6], 16).length == 0
    assert cache.take([30, 5, 6], 16).length == 2


def test_growing_keeps_the_tokens(tiny: Generator):
    decoder = tiny._load().decoder
    kv = PrefixCache(decoder, 0).take([10, 11, 12], 8)
    decoder.forward(kv, [10, 11, 12], [2])
    larger = grown(kv)
    assert larger.tokens == [10, 11, 12]
    assert larger.capacity == 2 * kv.capacity
