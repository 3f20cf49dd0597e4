"""What a transfer costs, each part beside the limit that the same run measured."""
