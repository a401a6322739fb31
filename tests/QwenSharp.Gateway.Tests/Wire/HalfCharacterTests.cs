using QwenSharp.Gateway.Providers;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Tests.Wire;

public class HalfCharacterTests
{
    [Fact]
    public async Task A_character_that_a_server_cuts_between_events_is_whole()
    {
        CannedReply http = CannedReply.Events(
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\\n\\ud83c\"}}]}\n\n"
            + "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\udf0ab\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
        Reading reading = await Reading.OfAsync(Make.Provider(ProviderKind.OpenAI, http), Make.Call());
        Assert.Equal(["a\n", "🌊b"], reading.Updates.Select(update => update.Text).Where(text => text.Length > 0));
    }

    [Fact]
    public void Escapes_are_read_also_of_halves()
    {
        Assert.Equal("aø\"\\/\t", HalfCharacters.Unescape("\"a\\u00f8\\\"\\\\\\/\\t\""));
        Assert.Equal("\ud83c", HalfCharacters.Unescape("\"\\ud83c\""));
    }
}
