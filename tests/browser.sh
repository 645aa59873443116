#!/bin/sh
# Browser tests drive the machine's own Chromium. Where it is missing, Debian's package is installed if that is allowed;
# otherwise the tests are skipped and say so. In CI a missing browser is an error.
set -eu
for name in chromium-headless-shell chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  echo "Installing Chromium for the browser tests …"
  if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-headless-shell fonts-noto-cjk >/dev/null; then
    exit 0
  fi
fi
echo "No Chromium here: the tests marked 'browser' are skipped. Install it (Debian: apt-get install chromium-headless-shell) to run them."
if [ "${CI:-}" = true ]; then exit 1; fi
