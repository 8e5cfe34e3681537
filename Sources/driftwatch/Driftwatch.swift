import ArgumentParser

@main
struct Driftwatch: AsyncParsableCommand {}
