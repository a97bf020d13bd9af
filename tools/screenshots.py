"""The pictures of the README, from demo data: light and dark, wide and phone.

    python -m tools.screenshots

Starts `make run`'s program in a throwaway folder, logs in as the demo's manager and keeps docs/pictures/*.png.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
CHROMIUM = "/usr/bin/chromium"
SIZES = {"wide": (1440, 900), "phone": (390, 844)}
PAGES = {"overview": "", "users": "users", "billing": "billing"}
STARTS_WITHIN_S = 240
HAS_FINISHED = """() => document.querySelector('[data-test-script-state="notRunning"]')
    && document.querySelector('[data-testid=stMain]').innerText.length > 300"""


def main() -> int:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "run.log"
        with log.open("w") as output:
            environment = {**os.environ, "MAI_DATA_DIR": f"{folder}/data", "MAI_DEMO": "true"}
            command = [sys.executable, "-m", "mai_core", "serve", "--local"]
            run = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            address = page_address(run, log)
            with sync_playwright() as driver:
                installed = CHROMIUM if Path(CHROMIUM).exists() else None
                browser = driver.chromium.launch(executable_path=installed, args=["--no-sandbox"])
                for theme in ("light", "dark"):
                    for size in SIZES:
                        take(browser, address, theme, size)
        finally:
            run.terminate()
            run.wait(20)
    return 0


def page_address(run: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline and run.poll() is None:
        if match := re.search(r"is running: +(\S+)", log.read_text()):
            return match[1]
        time.sleep(0.3)
    raise SystemExit(f"the demo did not start:\n{log.read_text()}")


def take(browser: Browser, address: str, theme: str, size: str) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        device_scale_factor=2 if size == "phone" else 1,
        locale="pl-PL",
    )
    page = context.new_page()
    page.goto(f"{address}/auth/demo-login?role=manager")
    for name, path in PAGES.items():
        if name != "overview" and (theme, size) != ("light", "wide"):
            continue
        page.goto(f"{address}/{path}")
        page.wait_for_function(HAS_FINISHED, timeout=60_000)
        page.wait_for_timeout(1500)
        picture = PICTURES / f"{name}-{theme}-{size}.png"
        page.screenshot(path=str(picture))
        print(picture.relative_to(ROOT), flush=True)
    context.close()


if __name__ == "__main__":
    sys.exit(main())
