"""Runs LocalStack without a word to the network: of GATEWAY_LISTEN it takes the port, and listens everywhere."""

import functools

from twisted.internet import endpoints

endpoints.TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")

from localstack.runtime.main import main
from localstack.utils.aws import aws_stack

# Else it asks the name server for the host name s3.127.0.0.1.
aws_stack.CACHE_S3_HOSTNAME_DNS_STATUS = False

main()
