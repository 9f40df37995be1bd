"""Lines of writing with their texts, be they ink of a pen or pictures of paper."""
