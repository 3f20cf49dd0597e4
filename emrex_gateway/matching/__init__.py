"""Whether the learner of a document is the person who asked for it."""
