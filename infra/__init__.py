"""The CDK stack: constructs are nouns, the stack composes them and grants."""
