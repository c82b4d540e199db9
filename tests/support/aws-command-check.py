# Parses commands with the models of the AWS CLI and sends nothing: JSON [[word, ...], ...] in, [error or null, ...] out.

import contextlib
import io
import json
import os
import sys

os.environ.update(AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local", AWS_DEFAULT_REGION="us-east-1")
os.environ.pop("AWS_PROFILE", None)

from awscli import argparser, clidriver, paramfile
from awscli.customizations.commands import BasicCommand
from botocore.validate import ParamValidator


def validate(_, service_name, operation_name, parameters, parsed_globals):
    """In place of the request."""
    operation = driver.session.get_service_model(service_name).operation_model(operation_name)
    if operation.input_shape is not None:
        report = ParamValidator().validate(parameters, operation.input_shape)
        if report.has_errors():
            raise ValueError(report.generate_report())
    return 0


def with_subclasses(parent):
    for child in parent.__subclasses__():
        yield child
        yield from with_subclasses(child)


driver = clidriver.create_clidriver()
clidriver.CLIOperationCaller.invoke = validate
for command in with_subclasses(BasicCommand):  # such as `s3 cp`, which are no single request
    command._run_main = lambda self, parsed_args, parsed_globals: 0
# Version 2 accepts no abbreviated options.
argparser.CLIArgParser._get_option_tuples = lambda self, option_string: []
# The files that a command names need not be there.
paramfile.LOCAL_PREFIX_MAP["file://"] = (lambda *_, **__: "text", {})
paramfile.LOCAL_PREFIX_MAP["fileb://"] = (lambda *_, **__: b"bytes", {})


def error_of(words):
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            status = driver.main(words)
        except SystemExit as end:
            status = end.code
    return None if status == 0 else said.getvalue().strip() or f"exit code {status}"


json.dump([error_of(words) for words in json.load(sys.stdin)], sys.stdout)
