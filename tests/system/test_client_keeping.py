"""What the client keeps on the disk, and what it says where it cannot."""

from pathlib import Path

from tests.support.people import CLEAR_LINE, ENTER, LARGE, UP, ScreenTestCase
from tests.support.ports import free_port
from tests.support.server import Server

UNKEPT = "not kept on disk"
NOT_FOR_LONG = "what you write is kept only while this"


class KeepingTests(ScreenTestCase):
    """A person with a data folder."""

    def home(self) -> Path:
        """Return the folder of alice's files; her name is known."""
        home = self.folder / "alice" / "ecochat"
        home.mkdir(parents=True)
        return home

    def test_a_folder_that_is_a_file(self) -> None:
        """It is told why nothing is kept, and stays on the screen; the status says so
        as long as the program runs; who leaves with something unsent is told."""
        file = self.folder / "alice"
        file.write_text("no folder")
        with Server(listen=f"tcp:{free_port()}:interface=127.0.0.1") as server:
            alice = self.enter("alice", server, LARGE)
            alice.expect("Welcome to", "no key can be kept", NOT_FOR_LONG, UNKEPT)
            alice.type(f"hello{ENTER}")
            alice.expect("alice │ hello ")
            server.kill()
            alice.expect("offline")
            alice.type(f"lost?{ENTER}")
            alice.expect("1 not yet stored", UNKEPT)
            alice.type("\x04")
            self.assertEqual(alice.end(), 0)
            alice.expect("not stored yet, and it could not be kept")

    def test_a_damaged_outbox(self) -> None:
        """It is told where that is now, and stays on the screen; a new one is used."""
        (self.home() / "outbox.sqlite").write_bytes(b"no database" * 99)
        with Server() as server:
            alice = self.enter("alice", server, LARGE)
            alice.expect("Welcome to", "outbox.sqlite is damaged", "it is set")
            self.assertNotIn(UNKEPT, alice.text)

    def test_leaving_with_something_unsent(self) -> None:
        """It is told how much, at each server; the count is seen at the other, too."""
        one, other = free_port(), free_port()
        alice = self.open("alice", f"127.0.0.1:{one}", "--nick", "alice")
        alice.expect("nobody listens")
        alice.type(f"one{ENTER}")
        alice.expect("1 not yet stored")
        alice.type(f"/connect 127.0.0.1:{other}{ENTER}")
        alice.expect("1 not yet stored elsewhere")
        alice.type(f"two{ENTER}three{ENTER}")
        alice.expect("2 not yet stored, +1 elsewhere")
        alice.type(f"/quit{ENTER}")
        self.assertEqual(alice.end(), 0)
        alice.expect(
            f"1 message for 127.0.0.1:{one} is not stored yet; it is sent",
            f"2 messages for 127.0.0.1:{other} are not stored yet; they are sent",
        )

    def test_taken_back(self) -> None:
        """What was never sent is had back by Up, and is not sent later."""
        port = free_port()
        alice = self.open("alice", f"127.0.0.1:{port}", "--nick", "alice")
        alice.expect("nobody listens")
        alice.type(f"right{ENTER}wrong room{ENTER}")
        alice.expect("2 not yet stored")
        alice.type(UP)
        alice.expect("alice> wrong room", "1 not yet stored")
        alice.type(f"{CLEAR_LINE}better{ENTER}")
        with Server(listen=f"tcp:{port}:interface=127.0.0.1") as server:
            alice.expect("connected")
            alice.until(lambda screen: "not yet stored" not in screen)
            self.assertEqual(self.said(server), ["right", "better"])

    def test_nobody_to_write_to(self) -> None:
        """No room is left of that, and what is typed next is said where one was."""
        with Server() as server:
            alice = self.enter("alice", server)
            for nick in ("nosuchone", "alice"):
                alice.type(f"/msg {nick} psst{ENTER}")
                alice.expect(f"/msg {nick} psst")
                alice.until(lambda screen: "2 @" not in screen)
            alice.type(f"hello{ENTER}")
            alice.expect("alice │ hello ")
            self.assertEqual(self.said(server), ["hello"])
