import CIMCore
import Testing

@testable import cim

@Suite struct ChatLineTests {
  @Test(
    "A line means what its form says",
    arguments: [
      ("hello there", ChatLine.say("hello there")),
      ("  indented", .say("  indented")),
      ("windows\r", .say("windows")),
      ("7;;psst", .tell(UserID(7), "psst")),
      (" 7 ;; two; semicolons;;", .tell(UserID(7), " two; semicolons;;")),
      ("abc;;x", .malformedID("abc")),
      ("0;;x", .malformedID("0")),
      ("99999999999999999999;;x", .malformedID("99999999999999999999")),
      ("-1;;x", .malformedID("-1")),
      ("for (;;) {}", .say("for (;;) {}")),
      (";;", .say(";;")),
      ("7;;", .empty),
      ("7;; \t", .empty),
      (":olu", .onlineUsers),
      (" :info ", .info),
      (":all", .help),
      (":q!", .quit),
      (":q", .quit),
      (":unheard of", .unknown(":unheard of")),
      (":-)", .say(":-)")),
      (":", .say(":")),
      ("", .empty),
      (" \t ", .empty),
    ])
  func meaning(line: String, meaning: ChatLine) {
    #expect(ChatLine(line) == meaning)
  }
}
