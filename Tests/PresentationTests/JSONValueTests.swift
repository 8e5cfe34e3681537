import Presentation
import Testing

@Suite struct JSONValueTests {
    @Test(arguments: [
        ("{\"b\":[1,null,true],\"a\":\"x\"}", "{\"a\":\"x\",\"b\":[1,null,true]}"), ("null", "null"),
        // What this version does not understand is shown as it is, never as nothing.
        ("{\"a\":1.5}", "\"{\\\"a\\\":1.5}\""), ("{", "\"{\""),
    ])
    func whatIsStoredIsShown(stored: String, shown: String) {
        #expect(JSONValue(parsing: stored).line == shown)
    }
}
