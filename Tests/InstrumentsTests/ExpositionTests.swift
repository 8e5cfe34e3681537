import Instruments
import Testing

/// What processes count, and how Prometheus reads it.
@Suite
struct ExpositionTests {
    @Test
    func aFamilyHasItsMeaningItsKindAndItsValues() {
        let family = MetricFamily(
            "jobs", .gauge, help: "Jobs,\nor \\ none.",
            samples: [.init(labels: [.init("queue", "a\"b\\c\nd"), .init("state", "running")], 2), .init(0.5)])
        #expect(
            Exposition.text([family, MetricFamily("absent", .gauge, help: "No values.")]) == #"""
                # HELP jobs Jobs,\nor \\ none.
                # TYPE jobs gauge
                jobs{queue="a\"b\\c\nd",state="running"} 2
                jobs 0.5

                """#)
    }

    @Test(arguments: [(Double.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (1e21, "1e+21"), (3, "3")])
    func numbersAreWrittenAsPrometheusReadsThem(number: Double, text: String) {
        #expect(
            Exposition.text([MetricFamily("n", .gauge, help: "", samples: [.init(number)])]).hasSuffix("\nn \(text)\n"))
    }

    @Test
    func aCounterStartsEachWordAtZeroAndKnowsNoOthers() {
        let counter = Counter("ended", by: "outcome", ["failed", "done"], help: "Ended.")
        counter.add(as: "done")
        counter.add(3, as: "surprise")
        counter.add(as: "another")
        let values = counter.family.samples.map { "\($0.labels[0].value) \($0.value)" }
        #expect(values == ["done 1.0", "failed 0.0", "other 4.0"])
    }

    @Test
    func aHistogramCountsWhatIsAtMostEachBound() {
        let histogram = Histogram("wait_seconds", seconds: [0.25, 1], help: "Waiting.")
        for duration in [Duration.milliseconds(250), .milliseconds(500), .seconds(1), .seconds(5)] {
            histogram.record(duration)
        }
        #expect(
            Exposition.text([histogram.family]) == """
                # HELP wait_seconds Waiting.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{le="0.25"} 1
                wait_seconds_bucket{le="1"} 3
                wait_seconds_bucket{le="+Inf"} 4
                wait_seconds_sum 6.75
                wait_seconds_count 4

                """)
    }
}
