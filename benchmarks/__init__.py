"""Measures a backup beside the pipelines that people write by hand; run by `make bench`.

Every pipeline reads the same database and stores in the same S3 server, one after the other in
turns, in a process of its own whose memory and CPU time are measured together with its children's.
"""
