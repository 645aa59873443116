"""Generates schema.json anew from npm's @slack/types: `make slack-schema` (needs node and npm; the tests need neither).

Only structure is kept: Slack's sentences and what no root reaches are left out.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PACKAGES = ("@slack/types@3.2.0", "ts-json-schema-generator@2.4.0", "typescript@5")
ROOTS = ("Message", "Modal", "Home")
OPTIONS = {"strict": True, "module": "commonjs", "moduleResolution": "node", "target": "es2020", "skipLibCheck": True}


def main() -> None:
    """Writes schema.json beside this file."""
    with tempfile.TemporaryDirectory(prefix="slack-types-") as folder:
        shutil.copy(HERE / "entry.ts", folder)
        Path(folder, "package.json").write_text("{}", "utf-8")
        Path(folder, "tsconfig.json").write_text(
            json.dumps({"compilerOptions": OPTIONS, "files": ["entry.ts"]}), "utf-8"
        )
        _run(folder, "npm", "install", "--no-audit", "--no-fund", *PACKAGES)
        generator = ("npx", "ts-json-schema-generator", "--path", "entry.ts", "--tsconfig", "tsconfig.json")
        made = json.loads(_run(folder, *generator, "--type", "*", "--no-type-check"))
    # An unknown block would be let through as a bare `Block`; Hoshin sends only blocks that are known.
    made["definitions"]["AnyBlock"] = {"$ref": "#/definitions/KnownBlock"}
    definitions = _reached(_bare(made["definitions"]))
    told = f"Generated from npm {PACKAGES[0]} (MIT licence) by generate.py; do not edit."
    schema = {"$comment": told, "$schema": made["$schema"], "definitions": dict(sorted(definitions.items()))}
    (HERE / "schema.json").write_text(json.dumps(schema, indent=1, sort_keys=True) + "\n", "utf-8")
    print(f"{len(definitions)} definitions")


def _run(folder: str, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def _bare(value: Any) -> Any:
    """Without descriptions; a property of that name stays."""
    if isinstance(value, list):
        return [_bare(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: _bare(one) for key, one in value.items() if not (key == "description" and isinstance(one, str))}


def _reached(definitions: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    waiting = list(ROOTS)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = definitions[name]
            waiting += [part.split('"')[0] for part in json.dumps(definitions[name]).split("#/definitions/")[1:]]
    return found


if __name__ == "__main__":
    main()
