"""``python -m localslack``: serve a workspace on loopback until interrupted."""

import argparse
import asyncio
import contextlib
import sys
from pathlib import Path

from localslack.server import HOST, LocalSlack, ServerError
from localslack.state import StateError
from localslack.workspace import WorkspaceError

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    line = argparse.ArgumentParser(prog="python -m localslack", description=__doc__)
    line.add_argument("--workspace", required=True, type=Path, help="YAML file: team, app, channels, users")
    line.add_argument("--port", type=int, default=4390, help="0 picks a free one (default 4390)")
    line.add_argument("--host", default=HOST, help="loopback only")
    line.add_argument("--transcript", type=Path, help="append every event to this file, one JSON line each")
    line.add_argument("--state", type=Path, help="keep the workspace in this file over restarts")
    line.add_argument("--request-url", help="send payloads by signed HTTP instead of Socket Mode")
    line.add_argument("--signing-secret", help="the secret for --request-url")
    line.add_argument("--no-dedupe", action="store_true", help="post again when a client_msg_id repeats")
    return line


def main(argv: list[str] | None = None) -> int:
    """Returns 0 after an interrupt, 2 when a file, port or host cannot be used."""
    args = parser().parse_args(argv)
    if args.host not in LOOPBACK:
        print(f"--host {args.host}: the local Slack serves 127.0.0.1 only; leave --host out.", file=sys.stderr)
        return 2
    try:
        slack = LocalSlack(
            args.workspace,
            port=args.port,
            transcript=args.transcript,
            state=args.state,
            request_url=args.request_url,
            signing_secret=args.signing_secret,
            dedupe=not args.no_dedupe,
        )
    except (ServerError, StateError, WorkspaceError) as error:
        print(error, file=sys.stderr)
        return 2
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(slack.serve(lambda: _announce(slack)))
    return 0


def _announce(slack: LocalSlack) -> None:
    print(f"Local Slack for {slack.workspace.team_name} - nothing leaves this machine", flush=True)
    print(f"page       {slack.url}/", flush=True)
    print(f"base_url   {slack.api_url}", flush=True)
    print(f"bot token  {slack.bot_token}", flush=True)
    print(f"app token  {slack.app_token}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
