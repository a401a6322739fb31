using QwenSharp.Protocols.Ollama;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.Ollama;

/// <summary>Sends what goes on, line by line, or only how it ended.</summary>
internal static class ProgressSender
{
    private static readonly StreamFormat<ProgressReply> Format = OllamaDialect.Lines(OllamaJson.Default.ProgressReply);

    public static async Task SendAsync(
        DialectService service, HttpContext http, IAsyncEnumerable<ProgressReply> lines, bool stream, CancellationToken work)
    {
        if (stream)
        {
            await service.Replies.StreamAsync(http, lines, Format, work).ConfigureAwait(false);
            return;
        }

        ProgressReply last = await lines.LastAsync(work).ConfigureAwait(false);
        await JsonReply.SendAsync(http, last, OllamaJson.Default.ProgressReply).ConfigureAwait(false);
    }
}
