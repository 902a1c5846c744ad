"""The CDK app that deploys Postwright. It knows functions by file and imports none."""
