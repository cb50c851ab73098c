"""Renders kustomize folders and looks at what comes out.

manifests.py validate FOLDER...   holds every object to the schemas of the oldest and newest Kubernetes we support
manifests.py settings FOLDER      prints, as JSON, which CIM_ variables each subcommand of cim is given
"""

import json
import subprocess
import sys

import kubernetes_validate
import yaml

# gRPC probes are stable since 1.27.
VERSIONS = ["1.27", kubernetes_validate.latest_version()]


def render(folder):
    command = ["kubectl", "kustomize", folder]
    rendered = subprocess.run(command, capture_output=True, text=True)
    if rendered.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{rendered.stderr}")
    return [manifest for manifest in yaml.safe_load_all(rendered.stdout) if manifest]


def name(manifest):
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def validate(folders):
    failures = 0
    for folder in folders:
        manifests = render(folder)
        for manifest in manifests:
            for version in VERSIONS:
                try:
                    # Strict: a misspelt field is an error, where a cluster would ignore it.
                    kubernetes_validate.validate(manifest, version, strict=True)
                except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
                    place = ".".join(str(part) for part in getattr(error, "path", []))
                    print(f"{folder}: {name(manifest)}: {place}: {error.message} (Kubernetes {version})")
                    failures += 1
        print(f"{folder}: {len(manifests)} objects")
    return 1 if failures else 0


def containers(manifest):
    return manifest.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])


def settings(folder):
    manifests = {name(manifest): manifest for manifest in render(folder)}
    given = {}
    for container in (c for manifest in manifests.values() for c in containers(manifest)):
        if container["name"] not in ("route", "server"):
            continue
        variables = [variable["name"] for variable in container.get("env", [])]
        for source in container.get("envFrom", []):
            variables += manifests[f"ConfigMap/{source['configMapRef']['name']}"]["data"]
        given[container["args"][0]] = sorted(v for v in variables if v.startswith("CIM_"))
    print(json.dumps(given))
    return 0


def main(arguments):
    match arguments:
        case ["validate", folder, *more]:
            return validate([folder, *more])
        case ["settings", folder]:
            return settings(folder)
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
