"""On the command line: what waits in quarantine, and files of old events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mai_core.cli import main
from mai_core.installation import Installation, open_installation
from mai_core.intake.delivery import Delivery, kept_refusals, kept_unreadable
from mai_core.intake.desk import Desk
from mai_core.intake.exact_json import Unreadable
from mai_core.intake.parsed import Parsed
from mai_core.intake.sources import SOURCES
from mai_core.model import SEALED_ID, Rank
from mai_core.settings import load_settings
from mai_core.store import quarantine, routes, rows
from tests.builders import CLIENT, NOON, make_client, make_observation, make_span, make_trace
from tests.intake.ledgers import delivery, environment


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """The command line opens the same ledger by the environment."""
    for name, value in environment(tmp_path / "data").items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    opened = open_installation(load_settings())
    make_client(opened.store)
    yield opened
    opened.close()


def send(hub: Installation, document: Any) -> None:
    parsed = SOURCES["openrouter"].parse(json.dumps(document).encode(), {})
    Desk(hub).deliver([Delivery(SOURCES["openrouter"], CLIENT, parsed, NOON, kept=kept_refusals(parsed.refusals))])


def events(hub: Installation) -> list[tuple[Any, ...]]:
    with hub.store.read() as db:
        return rows(db, "SELECT generation_id, client_org_id, raw_pusd FROM usage_events ORDER BY seq")


def states(hub: Installation) -> list[tuple[str, str | None]]:
    with hub.store.read() as db:
        return [(entry["state"], entry["resolved_by"]) for entry in quarantine.entries(db, state=None)]


class TestQuarantine:
    def test_an_event_is_booked_once_its_route_is_known(
        self, hub: Installation, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Desk(hub).deliver([delivery(make_observation("gen-a", external_user="uuid-7"), client=None)])
        assert main(["quarantine", "replay", "1"]) == 1
        assert "no client belongs to this person" in capsys.readouterr().out
        assert states(hub) == [("waiting", None)]
        with hub.store.write() as db:
            routes.put(db, NOON, "test", "external_user", "uuid-7", CLIENT)
        assert main(["quarantine", "replay", "--all"]) == 0
        assert capsys.readouterr().out == "1: 1 new, 0 changed, 0 known already\n"
        assert events(hub) == [("gen-a", CLIENT, 10**11)]
        assert states(hub) == [("replayed", "command line")]
        assert main(["quarantine", "replay", "1"]) == 1

    def test_a_person_may_say_whose_it_is(self, hub: Installation, capsys: pytest.CaptureFixture[str]) -> None:
        Desk(hub).deliver([delivery(make_observation("gen-a", external_user="uuid-7"), client=None)])
        assert main(["quarantine", "replay", "1", "--client", "mai_client_nobody"]) == 1
        assert main(["quarantine", "replay", "1", "--client", CLIENT]) == 0
        assert events(hub) == [("gen-a", CLIENT, 10**11)]

    def test_what_was_too_old_for_a_live_way_in_is_booked_by_replay(self, hub: Installation) -> None:
        Desk(hub).deliver([delivery(make_observation("gen-a", started_at_ms=NOON - 70 * 86_400_000))])
        assert events(hub) == []
        assert main(["quarantine", "replay", "--all"]) == 0
        assert [row[0] for row in events(hub)] == ["gen-a"]

    def test_what_broadcast_may_tell_under_another_id_is_counted_by_a_person_only(self, hub: Installation) -> None:
        sealed = make_observation("call-a", rank=Rank.LITELLM, source="litellm", flags=(SEALED_ID,))
        Desk(hub).deliver([delivery(sealed)])
        assert events(hub) == []
        assert main(["quarantine", "replay", "--all"]) == 0
        assert [row[0] for row in events(hub)] == ["call-a"]

    def test_a_refused_span_is_shown_redacted_and_stays_refused(
        self, hub: Installation, capsys: pytest.CaptureFixture[str]
    ) -> None:
        span = make_span("gen-a", gen_ai__usage__input_tokens=-1, gen_ai__prompt="the secret plan")
        send(hub, make_trace(span, make_span("gen-b")))
        assert main(["quarantine", "list"]) == 0
        listed = capsys.readouterr().out
        assert "gen_ai.usage.input_tokens: is out of range" in listed
        assert listed.endswith("1 entry\n")
        assert main(["quarantine", "show", "1"]) == 0
        shown = capsys.readouterr().out
        assert '"gen-a"' in shown
        assert "secret plan" not in shown
        assert main(["quarantine", "replay", "1"]) == 1
        assert "still cannot be booked" in capsys.readouterr().out

    def test_a_refused_span_is_booked_when_the_program_has_learned_to_read_it(
        self, hub: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from mai_core.intake import fields

        with monkeypatch.context() as patched:
            patched.setattr(fields, "MOST_TOKENS", 1)
            send(hub, make_trace(make_span("gen-a"), resource={"session.id": "chat-7"}))
        assert events(hub) == []
        assert main(["quarantine", "replay", "1"]) == 0
        assert events(hub) == [("gen-a", CLIENT, 10**11)]

    def test_a_name_that_was_not_kept_is_never_booked_as_a_mark(
        self, hub: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from mai_core.intake import fields

        with monkeypatch.context() as patched:
            patched.setattr(fields, "MOST_TOKENS", 1)
            send(hub, make_trace(make_span("gen-a", user__id="Anna Maria Nowak")))
        assert main(["quarantine", "replay", "1"]) == 1
        assert "a name in it was not kept" in capsys.readouterr().out
        assert events(hub) == []

    def test_an_unreadable_body_can_be_revealed_but_not_replayed(
        self, hub: Installation, capsys: pytest.CaptureFixture[str]
    ) -> None:
        kept = kept_unreadable(Unreadable("not_json", "the body is not JSON"), b"{half a prompt", hub.secrets)
        Desk(hub).deliver([Delivery(SOURCES["openrouter"], CLIENT, Parsed(), NOON, kept=(kept,))])
        main(["quarantine", "show", "1"])
        hidden = capsys.readouterr().out
        assert "kept encrypted (--reveal)" in hidden
        assert "half a prompt" not in hidden
        main(["quarantine", "show", "1", "--reveal"])
        assert "{half a prompt" in capsys.readouterr().out
        assert main(["quarantine", "replay", "1"]) == 1

    def test_what_is_given_up_stays_as_a_record(self, hub: Installation, capsys: pytest.CaptureFixture[str]) -> None:
        send(hub, {"resourceSpans": 3})
        assert main(["quarantine", "drop", "1"]) == 0
        assert main(["quarantine", "drop", "1"]) == 1
        assert main(["quarantine", "show", "7"]) == 1
        assert "quarantine holds no entry 7" in capsys.readouterr().err
        main(["quarantine", "list", "--all"])
        assert "[dropped]" in capsys.readouterr().out
        with hub.store.read() as db:
            assert rows(
                db, "SELECT actor, action, subject, client_org_id FROM audit_log WHERE action LIKE 'quar%'"
            ) == [("command line", "quarantine.drop", "1", CLIENT)]

    def test_replay_wants_to_know_what(self, hub: Installation, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["quarantine", "replay"]) == 1
        assert "say which entries, or --all" in capsys.readouterr().err


class TestImports:
    header = "generation_id,created_at,cost_total,tokens_prompt,tokens_completion,model_permaslug,user,api_key_name"

    def test_an_activity_export_is_brought_in_once(
        self, hub: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "activity.csv"
        lines = [
            f"gen-a,2026-04-13T10:00:00Z,0.12,10,20,openai/gpt-4o-mini,{CLIENT}_user_11112222,k",
            "gen-b,2026-04-13T10:00:00Z,free,10,20,openai/gpt-4o-mini,u,k",
            "gen-c,2026-04-13T10:00:00Z,0.1,10,20,openai/gpt-4o-mini,stranger,k",
        ]
        file.write_text("\n".join([self.header, *lines, ""]))
        assert main(["import-csv", str(file)]) == 1
        told = capsys.readouterr()
        assert told.out == "3 lines: 1 new, 0 changed, 0 known already, 1 in quarantine, 1 refused\n"
        assert told.err == "line 3: cost_total: is not a number\n"
        assert events(hub) == [("gen-a", CLIENT, 12 * 10**10)]
        file.write_text("\n".join([self.header, lines[0]]))
        assert main(["import-csv", str(file), "--client", CLIENT]) == 0
        assert "1 lines: 0 new" in capsys.readouterr().out

    def test_a_refused_line_is_the_line_of_the_file(
        self, hub: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Not the row: cells in quotes hold line breaks, blank lines are none, a spreadsheet says `sep=` above."""
        file = tmp_path / "activity.csv"
        good = 'gen-{0},2026-04-13T10:00:00Z,0.12,10,20,openai/gpt-4o-mini,u,"one\ntwo\r\nthree"'
        bad = 'gen-{0},2026-04-13T10:00:00Z,free,10,20,openai/gpt-4o-mini,u,"one\ntwo"'
        lines = ["sep=,", self.header, good.format("a"), bad.format("b"), "", bad.format("c"), '"x"']
        file.write_text("\n".join(lines), newline="")
        assert main(["import-csv", str(file), "--client", CLIENT]) == 1
        assert [line.partition(":")[0] for line in capsys.readouterr().err.splitlines()] == [
            "line 6", "line 9", "line 11",
        ]  # fmt: skip

    def test_blank_lines_between_events_are_lines(
        self, hub: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "events.jsonl"
        file.write_text("\n\n{broken\n")
        assert main(["import-events", str(file), "--client", CLIENT]) == 1
        assert capsys.readouterr().err == "line 3: event: is not an object\n"

    def test_lines_of_cloudevents(self, hub: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        event = {
            "specversion": "1.0",
            "type": "completion",
            "source": "old system",
            "subject": "anna",
            "time": "2025-09-01T12:00:00Z",
            "data": {"model": "m", "prompt_tokens": 1, "completion_tokens": 1, "cost": 0.5},
        }
        lines = [json.dumps({**event, "id": f"gen-{number}"}) for number in range(1500)]
        lines[1200] = "{broken"
        lines[1300] = json.dumps(event)
        file = tmp_path / "events.jsonl"
        file.write_text("\n".join(lines) + "\n\n")
        assert main(["import-events", str(file), "--client", CLIENT]) == 1
        told = capsys.readouterr()
        assert told.out == "1500 lines: 1498 new, 0 changed, 0 known already, 0 in quarantine, 2 refused\n"
        assert told.err == "line 1201: event: is not an object\nline 1301: id: is missing\n"

    @pytest.mark.parametrize(
        ("command", "content", "says"),
        [
            ("import-csv", b"date,usage\n", "no column generation_id"),
            ("import-csv", b"generation_id,created_at,cost_total\n\xff\xfe\n", "not UTF-8"),
            ("import-csv", b"generation_id,created_at,cost_total\n" + b"x" * 200_000, "not CSV"),
            ("import-events", b"\xff\xfe\n", "not UTF-8"),
            ("import-events", None, "cannot be opened"),
        ],
    )
    def test_a_file_that_cannot_be_read_is_an_error_in_words(
        self,
        hub: Installation,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        command: str,
        content: Any,
        says: str,
    ) -> None:
        file = tmp_path / "file"
        if content is not None:
            file.write_bytes(content)
        assert main([command, str(file)]) == 1
        assert says in capsys.readouterr().err

    def test_an_unknown_client_is_refused(
        self, hub: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "events.jsonl").write_text("{}\n")
        assert main(["import-events", str(tmp_path / "events.jsonl"), "--client", "mai_client_nobody"]) == 1
        assert "mai_client_nobody" in capsys.readouterr().err
