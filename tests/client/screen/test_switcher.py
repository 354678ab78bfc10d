"""Lists from which one is chosen."""

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.lines import Fragments
from ecochat.client.screen.switcher import NOTHING, Choice, Picker, choice, found


def names(typed: str, *given: str) -> list[str]:
    """Return which of these names are found, in order."""
    return [one.name for one in found(typed, [choice(n, "", list) for n in given])]


class FoundTests(SynchronousTestCase):
    """Which choices some letters find."""

    def test_letters_in_order(self) -> None:
        """All of them have to be there, in any case; nothing typed finds all."""
        self.assertEqual(names("", "b", "a"), ["b", "a"])
        self.assertEqual(names("LB", "lobby", "bal", "Lab"), ["lobby", "Lab"])
        self.assertEqual(names("x", "lobby"), [])

    def test_the_nearest_first(self) -> None:
        """Letters close to each other, then early ones, then the order given."""
        self.assertEqual(names("ab", "axb", "xab", "ab"), ["ab", "xab", "axb"])
        self.assertEqual(names("a", "ba", "ca"), ["ba", "ca"])

    def test_letters_that_mean_something_else(self) -> None:
        """Are only letters."""
        self.assertEqual(names(".*", "lobby", "a.*b"), ["a.*b"])

    def test_each_letter_is_looked_at_a_few_times(self) -> None:
        """In what others wrote, too; what is far back is not looked for."""
        long = "a" * 100_000
        self.assertEqual(names("a" * 60 + "b", long), [])
        self.assertEqual(names("a" * 60, long), [long])
        self.assertEqual(names("b", long + "b"), [])

    def test_brackets(self) -> None:
        """And the like are only letters, too, wherever they stand."""
        self.assertEqual(names("a]^-", "a-^]", "ax]-^-"), ["ax]-^-"])


class PickerTests(SynchronousTestCase):
    """A list on the screen."""

    def setUp(self) -> None:
        self.done: list[str] = []
        choices = [choice(name, "", self.does(name)) for name in "abcdef"]
        self.picker = Picker(choices, self.take)

    def take(self, do: Callable[[], object]) -> None:
        """Do what was chosen."""
        do()

    def does(self, name: str) -> Callable[[], object]:
        """Return what writes down that it was done."""
        return lambda: self.done.append(name)

    def seen(self, height: int) -> str:
        """Return the rows that are seen, without their spaces."""
        rows = self.picker.rows(20, height)
        return "".join(str(part[1]) for row in rows for part in row).replace(" ", "")

    def test_the_chosen_one_is_seen(self) -> None:
        """However far down; and back."""
        self.assertEqual(self.seen(3), ">abc")
        self.picker.move(4)
        self.assertEqual(self.seen(3), "cd>e")
        self.picker.move(-3)
        self.assertEqual(self.seen(3), ">bcd")
        self.picker.move(-9)
        self.assertEqual(self.seen(1), ">a")
        self.picker.move(99)
        self.assertEqual(self.seen(2), "e>f")

    def test_choosing(self) -> None:
        """By Enter, what was found by typing; or by a click."""
        self.picker.find("d")
        self.picker.enter()
        self.picker.find("")
        _, _, clicked = self.picker.rows(20, 3)[1][0]
        clicked(None)  # type: ignore[operator]
        self.assertEqual(self.done, ["d", "b"])

    def test_beside(self) -> None:
        """What stands beside the chosen one is shown with it, where there is space, and
        takes the same space when it is not known yet."""
        known = {"a": "after a", "b": ""}

        def one(name: str) -> Choice:
            rows: tuple[Fragments, Fragments] = ([("", "<\n")], [("", known[name])])
            return Choice(name, [("", name)], self.does(name), lambda: rows)

        self.picker = Picker([one(name) for name in known], self.take)
        self.assertEqual(self.seen(4), "<>aafterab")
        self.assertEqual(self.seen(2), ">ab")
        self.picker.move(1)
        self.assertEqual(len(self.picker.rows(20, 4)), 4)
        self.assertEqual(self.seen(3), "<>b")
        self.picker.find("x")
        self.assertEqual(self.picker.rows(20, 3), [NOTHING])

    def test_nothing_is_found(self) -> None:
        """Then Enter does nothing, and so do the arrows."""
        self.picker.find("x")
        self.picker.move(1)
        self.picker.enter()
        self.assertEqual(self.picker.rows(20, 3), [NOTHING])
        self.assertEqual(self.done, [])

    def test_what_was_found_is_seen(self) -> None:
        """Of what is said before it the beginning goes, as far as needed."""
        row: Fragments = [("class:time", "12:00 "), ("", f"{'a' * 50} it is ")]
        row += [("class:found", "tea"), ("", f" {'b' * 50}")]
        picker = Picker([Choice("tea", row, list)], self.take)
        for width in (80, 60, 40):
            (shown,) = picker.rows(width, 5)
            text = "".join(str(part[1]) for part in shown)
            self.assertIn("tea bbbb", text[:width])
        self.assertTrue(text.startswith("> 12:00 …aaaa"), text)
        (shown,) = picker.rows(200, 5)
        self.assertNotIn("…", "".join(str(part[1]) for part in shown))
        (shown,) = picker.rows(10, 5)
        self.assertIn("12:00 …tea", "".join(str(part[1]) for part in shown))
