"""Checks the files of deploy/ against what reads them, and against each other, without a network.

ECS: the model of the API in botocore. Kubernetes: kubernetes-validate. Compose: compose-spec. systemd: systemd-analyze,
where it is. Prints a line for each; the status is 1 when something is wrong.
"""
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import botocore.loaders
import botocore.model
import botocore.validate
import kubernetes_validate
import yaml
from compose_spec import PyCompose

import dockerfile

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
PROGRAMS = {"martlet", "s3-sync2", "mobius3"}
# From the oldest with sidecars that are on by default.
KUBERNETES = ["1.29", "1.31", "1.33"]
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


class Wrong(Exception):
    pass


def expect(condition, message):
    if not condition:
        raise Wrong(message)


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h)?", str(text)).groups()
    return int(number) * UNITS[unit or "s"]


def drain(command):
    """The --shutdown-timeout of a command line, and that it is one of ours."""
    expect(command[0] in PROGRAMS, f"{command[0]} is not in the image")
    expect("--shutdown-timeout" in command, f"{command}: no --shutdown-timeout")
    return seconds(command[command.index("--shutdown-timeout") + 1])


def image():
    """Folder, user and health check of the image."""
    build, final = dockerfile.stages(DEPLOY / "Dockerfile")
    expect(build[0].startswith("swift:"), "the first stage builds")
    stage = final[1]
    folder = dockerfile.last(stage, "VOLUME")
    expect(folder == "/home/mobius3/data", "the seed's folder is a volume")
    expect(dockerfile.environment(stage)["MARTLET_LOCAL_PATH"] == folder, "MARTLET_LOCAL_PATH is the volume")
    expect("HOME" in dockerfile.environment(stage), "HOME for users without an entry")
    user = dockerfile.last(stage, "USER")
    expect(re.fullmatch(r"[1-9]\d*:0", user), "USER is a number, so that runAsNonRoot can tell, with group 0")
    # A change of the folder behind VOLUME would be lost.
    names = [name for name, _ in stage]
    expect(names.index("VOLUME") > max(index for index, name in enumerate(names) if name == "RUN"), "VOLUME before RUN")
    expect(dockerfile.last(stage, "STOPSIGNAL") == "SIGTERM", "STOPSIGNAL is SIGTERM")
    expect(dockerfile.words(dockerfile.last(stage, "CMD"))[0] in PROGRAMS, "CMD")
    _, command = dockerfile.health(dockerfile.last(stage, "HEALTHCHECK"))
    # A pattern that leaves out too much is noticed by the build only.
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")]
    for name in kept:
        expect(name == "Package.resolved" or (ROOT / name).exists(), f".dockerignore: there is no {name}")
    # SwiftPM wants the folders of all targets, those of tests and examples too.
    targets = set(re.findall(r'path: "(\w+)/', (ROOT / "Package.swift").read_text()))
    for name in {"Sources", "Tests", "Makefile", "Package.swift", "scripts/require"} | targets:
        expect(name in kept, f".dockerignore leaves {name} out")
    return folder, user, command


def compose(folder, health):
    document = (DEPLOY / "compose.yaml").read_text()
    services = PyCompose.from_yaml(document).to_dict()["services"]
    sidecar, app = services["martlet"], services["app"]
    raw = yaml.safe_load(document)["services"]["martlet"]
    expect(drain(raw["command"]) < seconds(raw["stop_grace_period"]), "stop_grace_period is too short")
    expect(raw["healthcheck"]["test"] == ["CMD", *health], "the health check is the image's")
    expect(app["depends_on"]["martlet"]["condition"] == "service_healthy", "the application waits")
    volume = sidecar["volumes"][0].split(":")
    expect(volume[1] == folder, "the volume is mounted elsewhere")
    expect(app["volumes"][0].split(":")[0] == volume[0], "both have the volume")
    context = (DEPLOY / raw["build"]["context"]).resolve()
    expect((context / raw["build"]["dockerfile"]).exists(), "build")


def enums(shape, value, path):
    """botocore's validator takes any text for an enumeration."""
    if shape.type_name == "structure":
        for name, member in value.items():
            enums(shape.members[name], member, f"{path}.{name}")
    elif shape.type_name == "list":
        for member in value:
            enums(shape.member, member, path)
    elif shape.type_name == "string" and shape.enum:
        expect(value in shape.enum, f"{path}: {value} is none of {shape.enum}")


def ecs(folder, health):
    model = botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model("ecs", "service-2"))
    shape = model.operation_model("RegisterTaskDefinition").input_shape
    task = json.loads((DEPLOY / "ecs-task-definition.json").read_text())
    report = botocore.validate.ParamValidator().validate(task, shape)
    expect(not report.has_errors(), report.generate_report())
    enums(shape, task, "task")
    expect(21 <= task["ephemeralStorage"]["sizeInGiB"] <= 200, "ephemeralStorage")
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
    expect(task["cpu"] == "512" and task["memory"] in {"1024", "2048", "3072", "4096"}, "sizes of Fargate")
    sidecar, app = task["containerDefinitions"]
    for container in (sidecar, app):
        expect(container["essential"], f"{container['name']} is not essential")
        expect(container["stopTimeout"] <= 120, "Fargate kills after 120 s")
    expect(drain(sidecar["command"]) < sidecar["stopTimeout"], "stopTimeout is too short")
    check = sidecar["healthCheck"]
    expect(check["command"] == ["CMD", *health], "the health check is the image's")
    limits = {"interval": (5, 300), "timeout": (2, 60), "retries": (1, 10), "startPeriod": (0, 300)}
    for name, (least, most) in limits.items():
        expect(least <= check[name] <= most, f"healthCheck.{name}")
    expect(app["dependsOn"] == [{"containerName": sidecar["name"], "condition": "HEALTHY"}], "the application waits")
    mount = sidecar["mountPoints"][0]
    expect(mount["containerPath"] == folder, "only the path of VOLUME gets the image's owner and mode")
    expect(mount["sourceVolume"] == app["mountPoints"][0]["sourceVolume"] == task["volumes"][0]["name"], "volumes")
    expect(sidecar["user"] == app["user"], "one user for both")


def kubernetes(folder, health):
    documents = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
    for document in documents:
        for version in KUBERNETES:
            kubernetes_validate.validate(document, version, strict=True)
    account, deployment = documents
    pod = deployment["spec"]["template"]["spec"]
    expect(deployment["spec"]["selector"]["matchLabels"].items()
           <= deployment["spec"]["template"]["metadata"]["labels"].items(), "the selector finds the pods")
    expect(pod["serviceAccountName"] == account["metadata"]["name"], "the service account")
    expect("eks.amazonaws.com/role-arn" in account["metadata"]["annotations"], "the role")
    (sidecar,) = pod["initContainers"]
    (app,) = pod["containers"]
    expect(sidecar["restartPolicy"] == "Always", "a native sidecar")
    expect(drain(sidecar["command"]) < pod["terminationGracePeriodSeconds"], "terminationGracePeriodSeconds")
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        expect(sidecar[probe]["exec"]["command"] == health, probe)
    mounts = {mount["mountPath"]: mount["name"] for mount in sidecar["volumeMounts"]}
    expect(folder in mounts, "the volume is mounted elsewhere")
    expect(mounts[folder] in {mount["name"] for mount in app["volumeMounts"]}, "both have the volume")
    expect({mount for mount in mounts.values()} <= {volume["name"] for volume in pod["volumes"]}, "volumes")


def systemd():
    unit = DEPLOY / "martlet@.service"
    text = unit.read_text()
    timeout = re.search(r"^TimeoutStopSec=(.*)$", text, re.M).group(1)
    command = re.search(r"^ExecStart=/usr/local/bin/(.*)$", text, re.M).group(1).split()
    expect(drain(command) < seconds(timeout), "TimeoutStopSec is too short")
    program = shutil.which("systemd-analyze")
    if program is None:
        return "systemd-analyze is not here: the unit was only read"
    with tempfile.TemporaryDirectory() as folder:
        # The program need not be installed.
        copy = Path(folder) / "martlet@srv-data.service"
        copy.write_text(text.replace("/usr/local/bin/martlet", shutil.which("true")))
        run = subprocess.run([program, "verify", "--man=no", str(copy)], capture_output=True, text=True)
        said = [line for line in (run.stdout + run.stderr).splitlines() if "martlet@" in line]
        expect(run.returncode == 0 and not said, "\n".join(said) or run.stderr)
    return "verified"


def main():
    failed = False
    folder, user, health = None, None, None

    def check(name, body):
        nonlocal failed
        try:
            result = body()
            print(f"{name}: good{f' ({result})' if isinstance(result, str) else ''}")
            return result
        except Exception as error:
            failed = True
            # What the others say further down is the schema.
            text = str(error) if isinstance(error, Wrong) else f"{type(error).__name__}: {error}".split("\n\n")[0]
            print(f"{name}: {text}")

    found = check("Dockerfile", image)
    if found:
        folder, user, health = found
        check("compose.yaml", lambda: compose(folder, health))
        check("ecs-task-definition.json", lambda: ecs(folder, health))
        check("kubernetes.yaml", lambda: kubernetes(folder, health))
    check("martlet@.service", systemd)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
