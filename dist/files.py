#!/usr/bin/env python3
"""Makes what points at a release's archives from the archives themselves: install.sh, a Homebrew formula, a
Scoop manifest and winget's three files, each with the SHA-256 sums in it.

usage: dist/files.py FOLDER     FOLDER holds clawmend-VERSION-TARGET.tar.gz and .zip; the files go there too
"""
import hashlib
import json
import os
import sys
import time
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))

FORMULA = '''\
class Clawmend < Formula
  desc "{description}"
  homepage "{repository}"
  version "{version}"
  license any_of: ["MIT", "Apache-2.0"]
{systems}
  def install
    bin.install "clawmend"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/clawmend"
    zsh_completion.install "completions/_clawmend"
    fish_completion.install "completions/clawmend.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{{bin}}/clawmend --version")
    system bin/"clawmend", "demo"
  end
end
'''

WINGET = {
    "": """\
PackageIdentifier: Clawmend.Clawmend
PackageVersion: {version}
DefaultLocale: en-US
ManifestType: version
ManifestVersion: 1.6.0
""",
    ".installer": """\
PackageIdentifier: Clawmend.Clawmend
PackageVersion: {version}
ReleaseDate: {date}
InstallerType: zip
NestedInstallerType: portable
NestedInstallerFiles:
  - RelativeFilePath: clawmend-{version}-{target}\\clawmend.exe
    PortableCommandAlias: clawmend
Installers:
  - Architecture: x64
    InstallerUrl: {url}
    InstallerSha256: {SUM}
ManifestType: installer
ManifestVersion: 1.6.0
""",
    ".locale.en-US": """\
PackageIdentifier: Clawmend.Clawmend
PackageVersion: {version}
PackageLocale: en-US
Publisher: The clawmend authors
PackageName: clawmend
PackageUrl: {repository}
License: MIT OR Apache-2.0
ShortDescription: {description_yaml}
Moniker: clawmend
ManifestType: defaultLocale
ManifestVersion: 1.6.0
""",
}


def main():
    (folder,) = sys.argv[1:]
    with open(os.path.join(HERE, "..", "Cargo.toml"), "rb") as file:
        package = tomllib.load(file)["package"]
    version, repository = package["version"], package["repository"]
    downloads = f"{repository}/releases/download/v{version}"
    facts = {"version": version, "repository": repository, "description": package["description"],
             "description_yaml": json.dumps(package["description"]),
             "date": time.strftime("%Y-%m-%d", time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"])))}

    sums = {}
    start = f"clawmend-{version}-"
    for name in sorted(os.listdir(folder)):
        for ending in (".tar.gz", ".zip"):
            if name.startswith(start) and name.endswith(ending):
                with open(os.path.join(folder, name), "rb") as file:
                    sums[name.removeprefix(start).removesuffix(ending)] = (name, hashlib.sha256(file.read()).hexdigest())

    def write(name, text, mode=0o644):
        path = os.path.join(folder, name)
        with open(path, "w", newline="\n") as file:
            file.write(text)
        os.chmod(path, mode)

    with open(os.path.join(HERE, "install.sh")) as file:
        script = file.read()
    lines = "\n".join(f"{total}  {name}" for name, total in sums.values() if name.endswith(".tar.gz"))
    for mark, value in (("@VERSION@", version), ("@DOWNLOADS@", downloads), ("@SUMS@", lines)):
        script = script.replace(mark, value)
    write("install.sh", script, 0o755)

    # A system whose programs are not in this folder is not in the formula.
    systems = ""
    for system, targets in (("macos", {"arm": "aarch64-apple-darwin", "intel": "x86_64-apple-darwin"}),
                            ("linux", {"arm": "aarch64-unknown-linux-musl", "intel": "x86_64-unknown-linux-musl"})):
        inner = "".join(f'    on_{cpu} do\n      url "{downloads}/{sums[target][0]}"\n      sha256 "{sums[target][1]}"\n    end\n'
                        for cpu, target in targets.items() if target in sums)
        if inner:
            systems += f"\n  on_{system} do\n{inner}  end\n"
    if systems:
        write("clawmend.rb", FORMULA.format(systems=systems, **facts))

    windows = "x86_64-pc-windows-gnullvm"
    if windows in sums:
        name, total = sums[windows]
        url = f"{downloads}/{name}"
        scoop = {
            "version": version,
            "description": package["description"],
            "homepage": repository,
            "license": "MIT|Apache-2.0",
            "architecture": {"64bit": {"url": url, "hash": total, "extract_dir": f"clawmend-{version}-{windows}"}},
            "bin": "clawmend.exe",
            "checkver": "github",
            "autoupdate": {"architecture": {"64bit": {
                "url": f"{repository}/releases/download/v$version/clawmend-$version-{windows}.zip",
                "extract_dir": f"clawmend-$version-{windows}"}}},
        }
        write("clawmend.scoop.json", json.dumps(scoop, indent=4) + "\n")
        for part, text in WINGET.items():
            write(f"Clawmend.Clawmend{part}.yaml", text.format(url=url, SUM=total.upper(), target=windows, **facts))


main()
