"""The structured dialect: what a frame asks for, whatever is in it."""

from __future__ import annotations

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import limits
from ecochat.core import requests as r
from ecochat.core.wire import CODES
from ecochat.dialects.structured_parser import ECHO, NAMES, StructuredParser, is_hello
from tests.dialects.generated import Meant, requests, spoiled

KEY = "k" * limits.KEY_SHORTEST
MOST = limits.NUMBER
LONGEST = 200
"""Characters that the text of a refusal may have."""

some = settings(
    max_examples=400, deadline=None, database=None, derandomize=True, print_blob=False
)
"""So many that it takes a second, and the same each time."""


def ask(frame: str) -> r.Request | None:
    """Return what a frame asks for."""
    return StructuredParser().request(frame)


def internal(request: r.Request) -> r.Request:
    """Return what the hub is asked for by an operation."""
    if isinstance(request, r.SetTopic) and request.topic is None:
        return r.GetTopic(request.room, ref=request.ref)
    if isinstance(request, r.Quit):
        return r.Depart(tell=True, ref=request.ref)
    return request


class RequestTests(SynchronousTestCase):
    """Frames that can be read."""

    def test_requests(self) -> None:
        """Each object is the operation that it names; unknown fields are ignored."""
        hello = {"op": "hello", "protocol": 1, "client": "c/1", "key": KEY}
        for value, request in (
            (
                hello | {"nick": "al", "rooms": {"lobby": 41, "lab": None}},
                r.Hello(1, "c/1", KEY, "al", {"lobby": 41, "lab": None}),
            ),
            ({"op": "say", "text": "hi", "id": 7}, r.Say("hi", id=7)),
            (
                {"op": "say", "text": "hi", "ref": "x7", "new": [1]},
                r.Say("hi", ref="x7"),
            ),
            ({"op": "msg", "nick": "bo", "text": "hi"}, r.SayTo("bo", "hi")),
            ({"op": "topic", "room": "a", "ref": "q"}, r.GetTopic("a", ref="q")),
            ({"op": "topic", "topic": "", "room": "a"}, r.SetTopic("", "a")),
            ({"op": "quit", "ref": "q"}, r.Depart(tell=True, ref="q")),
            (
                {"op": "history", "before": 9, "limit": 1000},
                r.History(None, 9, None, 1000),
            ),
            ({"op": "pong"}, r.Pong()),
            ({"op": "say", "text": "\\u0000"}, r.Say("\\u0000")),
            ({"op": "say", "text": "a\n\t👍"}, r.Say("a\n\t👍")),
        ):
            self.assertEqual(ask(json.dumps(value)), request)

    def test_white_space(self) -> None:
        """Alone it asks nothing; around an object it is nothing."""
        for frame in ("", " ", "\r\n", " \t\n"):
            self.assertIsNone(ask(frame))
        self.assertEqual(ask('\n{ "op" :\t"ping" }\r\n'), r.Ping())

    @some
    @given(requests())
    def test_any(self, meant: Meant) -> None:
        """What its types allow is decoded to what was meant."""
        self.assertEqual(ask(json.dumps(meant.value)), internal(meant.request))


class RefusalTests(SynchronousTestCase):
    """Frames that can not."""

    def check(
        self, frame: str, code: str, text: str, path: str, ref: str | None = "q"
    ) -> None:
        """See how a frame is refused."""
        self.assertEqual(ask(frame), r.Refuse(code, text, path, ref=ref), frame[:99])

    def test_malformed(self) -> None:
        """What is no JSON: where, or why; mostly not even its ref is known."""
        begin = '{"op":"say","ref":"q","text":'
        for frame, why in (
            ("hi", "JSON is malformed: invalid character (byte 0)"),
            (begin, "Input data was truncated"),
            (begin + '"a\0b"}', "JSON is malformed: invalid character (byte 31)"),
            (begin + '"a"} x', "JSON is malformed: trailing characters (byte 35)"),
            (begin + '"a","x":' + "[" * 100_000, "nested too deeply"),
            (begin + '"a","x":' + '{"a":' * 100_000, "nested too deeply"),
        ):
            text = f"not JSON that can be read: {why}; expected one object"
            self.check(frame, "bad_json", text, "", None)
        text = "not JSON that can be read: JSON is malformed: invalid character"
        text += " (byte 29); expected one object"
        self.check(begin + "NaN}", "bad_json", text, "")  # Python's own reads that

    def test_no_object(self) -> None:
        """Another value, and an object that says nothing."""
        for frame, what in (
            ("[1]", "array"),
            ('"say"', "str"),
            ("3", "int"),
            ("null", "null"),
        ):
            text = f"the frame: expected `object`, got `{what}`"
            self.check(frame, "bad_request", text, "", None)
        self.check('{"ref":"q"}', "bad_request", "the field op is missing", "$.op")

    def test_fields(self) -> None:
        """A type, a limit, a number that is too large, one that is missing."""
        nines = "9" * 50_000
        for fields, text, path in (
            ('"say"', "the field text is missing", "$.text"),
            ('"say","text":7', "expected `str`, got `int`", "$.text"),
            ('"say","text":null', "expected `str`, got `null`", "$.text"),
            ('"say","text":"a","id":0', "expected `int` >= 1", "$.id"),
            ('"say","text":"a","id":-1', "expected `int` >= 1", "$.id"),
            ('"say","text":"a","id":1.5', "expected `int | null`, got `float`", "$.id"),
            ('"say","text":"a","id":true', "expected `int | null`, got `bool`", "$.id"),
            ('"say","text":"a","id":1e400', "number out of range", "$.id"),
            (f'"say","text":"a","id":{nines}', "integer value out of range", "$.id"),
            (
                f'"say","text":"a","id":{2**63}',
                f"expected `int` <= {2**63 - 1}",
                "$.id",
            ),
            ('"history","limit":1001', "expected `int` <= 1000", "$.limit"),
            (
                '"hello","protocol":1,"key":"k"',
                "expected `str` of length >= 22",
                "$.key",
            ),
            (
                '"hello","protocol":1,"rooms":{"secret":-1}',
                "expected `int` >= 0",
                "$.rooms[...]",
            ),
            ("7", "expected `str`", "$.op"),
        ):
            sentence = text if path[2:] in text else f"{path}: {text}"
            frame = f'{{"ref":"q","op":{fields}}}'
            self.check(frame, "bad_request", sentence, path)

    def test_refs(self) -> None:
        """One that is none is refused, and never sent back."""
        long = "r" * (limits.REF + 1)
        text = f"$.ref: expected `str` of length <= {limits.REF}"
        frame = f'{{"op":"ping","ref":"{long}"}}'
        self.check(frame, "bad_request", text, "$.ref", None)
        self.assertEqual(ask(frame.replace("rr", "r", 1)), r.Ping(ref=long[1:]))
        text = "$.ref: expected `str | null`, got `int`"
        self.check('{"op":"ping","ref":7}', "bad_request", text, "$.ref", None)
        text = "$.ref: expected Unicode text, got a string with a NUL"
        frame = r'{"op":"ping","ref":"a\u0000"}'
        self.check(frame, "bad_text", text, "$.ref", None)

    def test_another_protocol(self) -> None:
        """It is said first: of what else is in it nothing need be known."""
        text = "protocol 2 is not known here, 1 is"
        frame = '{"op":"hello","protocol":2,"rooms":5,"ref":"q"}'
        self.check(frame, "unknown_protocol", text, "$.protocol")
        for frame in (
            '{"op":"hello","rooms":5}',
            '{"op":"hello","protocol":1,"key":5}',
        ):
            refused = ask(frame)
            assert isinstance(refused, r.Refuse)
            self.assertEqual(refused.code, "bad_request")

    def test_unknown_operations(self) -> None:
        """It is named, and a near one with it, if any; never more than its start."""
        for op, hint in (
            ("histroy", ", did you mean 'history'?"),
            ("SAY", ", did you mean 'say'?"),
            ("", "; the protocol page lists them"),
        ):
            refused = ask(json.dumps({"op": op, "ref": "q"}))
            assert isinstance(refused, r.Refuse)
            self.assertEqual((refused.code, refused.ref), ("unknown_op", "q"))
            self.assertEqual(refused.text, f"unknown operation {op!r}{hint}")
        text = f"unknown operation {'y' * ECHO!r}; the protocol page lists them"
        frame = json.dumps({"op": "y" * 50_000, "ref": "q"})
        self.check(frame, "unknown_op", text, "$.op")
        for name in NAMES:
            refused = ask(json.dumps({"op": name, "ref": 7}))
            assert isinstance(refused, r.Refuse)
            self.assertEqual(refused.code, "bad_request")

    def test_what_is_no_text(self) -> None:
        """A NUL and half a surrogate pair, wherever they are, also in what is unknown
        and in names."""
        nul, half = r"\u0000", r"\ud83d"
        for sign, what in ((nul, "a NUL"), (half, "half a surrogate pair")):
            for fields, path in (
                (f'"op":"say","text":"a{sign}"', "$.text"),
                (f'"op":"say","text":"a","x":[[{{"y":"{sign}"}}]]', "$.x"),
                (f'"op":"hello","protocol":1,"rooms":{{"a{sign}":1}}', "$.rooms"),
                (f'"op":"say","text":"a","{sign}":1', "$"),
                (f'"op":"say","text":"a","{"z" * 41}":"{sign}"', "$"),
                (f'"op":"{sign}"', "$.op"),
            ):
                text = f"{path}: expected Unicode text, got a string with {what}"
                self.check(f'{{{fields},"ref":"q"}}', "bad_text", text, path)
        self.check(
            '{"op":"say","text":"\ud83d","ref":"q"}',
            "bad_text",
            "$.text: expected Unicode text, got a string with half a surrogate pair",
            "$.text",
        )

    def test_large_ones(self) -> None:
        """Strings of a megabyte, known or not, and no more of them comes back."""
        much = "m" * 1_000_000
        for frame in (
            f'{{"op":"{much}"}}',
            f'{{"op":"say","op":"{much}"}}',
            f'{{"op":"{much}","op":"say"}}',
            f'{{"op":"say","text":"a","ref":"{much}"}}',
            f'{{"op":"say","text":7,"{much}":"{much}"}}',
            f'{{"op":"say","text":"\\u0000","{much}":"{much}"}}',
            f'{{"op":"say","text":"{much}',
            f'"{much}"',
        ):
            refused = ask(frame)
            assert isinstance(refused, r.Refuse)
            self.assertLess(len(refused.text + refused.path), LONGEST)
        self.assertEqual(ask(f'{{"op":"say","text":"{much}"}}'), r.Say(much))

    @some
    @given(spoiled() | st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
    @example('{"op":"' + "[" * 3_000)
    @example("[" * 3_000)
    @example('{"a":"\ud83d')
    def test_any(self, frame: str) -> None:
        """It is a request, or a refusal that fits into an answer; or nothing."""
        asked = ask(frame)
        if asked is None:
            self.assertEqual(frame.strip(), "")
        if isinstance(asked, r.Refuse):
            self.assertIn(asked.code, CODES)
            self.assertLess(len(asked.text + asked.path), LONGEST)
            (asked.text + asked.path + (asked.ref or "")).encode()
            self.assertNotIn("\0", asked.text + asked.path + (asked.ref or ""))


class HelloTests(SynchronousTestCase):
    """Which first frames begin a session of this dialect."""

    def test_hellos(self) -> None:
        """An object with that op, wherever it stands, also one that is broken."""
        whole = json.dumps({"op": "hello", "protocol": 1, "key": KEY})
        for frame in (
            whole,
            f"\r\n {whole}\n",
            f"\ufeff{whole}",
            f'{{"key":"{KEY}","op" :\n"hello"}}',
            rf'{{"key":"{KEY}","op":"\u0068ello"}}',
            f'{{"op":"hello","key":"{KEY}"',
            f'{{"op":"hello","key":"{KEY}","rooms":{{"a":}}}}',
            f'{{"rooms":{{"a":1}},"key":"{KEY}","op":"hello","x":\ud83d',
            f'{{"op":"hello","key":7,"x":{"[" * 100_000}',
        ):
            self.assertTrue(is_hello(frame), frame[:99])

    def test_others(self) -> None:
        """What a person says, and other objects."""
        for frame in (
            "",
            "hello",
            '"op":"hello"',
            'try {"op":"hello"}',
            '{"op":"say","text":"hello"}',
            json.dumps({"op": "say", "text": '{"op":"hello"}'}),
            '{"hello":"op"}',
            '["op","hello"]',
            "{" * 100_000,
            '{"op"' * 20_000,
        ):
            self.assertFalse(is_hello(frame), frame[:99])
