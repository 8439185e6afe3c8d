"""Amazon's services on one machine: moto's server, and what moto leaves out of S3 and Glacier.

For `make run-cloud` and the tests. moto is no proof of what Amazon does, and neither is this.
"""
