"""CloudFormation's template language and its change sets: pure functions over values, nothing is fetched here."""
