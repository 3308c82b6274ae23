"""The figures of `benchmarks/README.md`, measured. Each module measures one thing and says what it has to reach."""
