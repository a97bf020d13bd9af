"""`serve`: plans ports and mode, makes demo data where there is nothing yet, starts everything."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

from mai_core.errors import MaiError
from mai_core.installation import named_client
from mai_core.launch import ports, processes
from mai_core.launch.environment import LOOPBACK, Plan, child_environment, plan_of
from mai_core.settings import Settings
from mai_core.store import Store, clients


def serve(settings: Settings, environ: Mapping[str, str], *, local: bool) -> int:
    """`local` is a person at a desk: busy ports move on, and without a client there is a demo to look at."""
    demo = settings.mai_demo or (local and "MAI_DEMO" not in environ and not has_client(settings))
    plan = plan_of(settings, demo=demo, **chosen_ports(settings, demo=demo, local=local))
    environment = child_environment(plan, environ)
    say_mode(plan, asked_for=settings.mai_demo)
    if demo:
        make_demo_data(environment)
    print("Starting API, pages and jobs ...", flush=True)
    companion = start_companion(environment) if local else None
    try:
        return processes.run_together(processes.commands(), environment)
    finally:
        if companion is not None:
            companion.terminate()
            companion.wait()
        if local:
            print("Stopped.", flush=True)


def start_companion(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mai_core.launch.companion"]
    return subprocess.Popen(command, env=dict(environment), cwd=processes.ROOT)


def has_client(settings: Settings) -> bool:
    """Somebody is set up: the environment names a client, or the ledger knows one."""
    if named_client(settings) is not None:
        return True
    if not settings.usage_summary_db.is_file():
        return False
    with Store(settings.usage_summary_db) as store, store.read() as db:
        return bool(clients.list_active(db))


def chosen_ports(settings: Settings, *, demo: bool, local: bool) -> dict[str, int]:
    host = LOOPBACK if demo else settings.mai_host
    if not local:
        ports.require_free("API_PORT", settings.api_port, host)
        ports.require_free("APP_PORT", settings.app_port, host)
        return {"api_port": settings.api_port, "app_port": settings.app_port}
    api_port, api_moved = ports.next_free("API_PORT", settings.api_port, host)
    app_port, app_moved = ports.next_free("APP_PORT", settings.app_port, host, taken=[api_port])
    for sentence in (api_moved, app_moved):
        if sentence:
            print(sentence, flush=True)
    return {"api_port": api_port, "app_port": app_port}


def say_mode(plan: Plan, *, asked_for: bool) -> None:
    if plan.demo and not asked_for:
        print("No client is set up yet: showing demo data (MAI_DEMO=false starts without it).", flush=True)
    print(f"Data: {plan.data_dir.absolute()}", flush=True)


def make_demo_data(environment: Mapping[str, str]) -> None:
    print("Making demo data (once; takes some seconds) ...", flush=True)
    made = subprocess.run(
        [sys.executable, "-m", "mai_core", "demo", "--if-empty"],
        env=dict(environment),
        cwd=processes.ROOT,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if made.returncode != 0:
        raise MaiError("the demo data could not be made; the lines above say why. MAI_DEMO=false starts without it")
