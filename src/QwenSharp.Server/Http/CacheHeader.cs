using System.Runtime.CompilerServices;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Server.Http;

/// <summary>The header with a <see cref="CacheReport"/>.</summary>
internal static class CacheHeader
{
    public const string Name = "x-qwensharp-cache";

    /// <summary>Sets the header when the first answer begins, as long as the reply has not.</summary>
    public static async IAsyncEnumerable<ChoiceUpdate> Observe(
        HttpContext http,
        IAsyncEnumerable<ChoiceUpdate> updates,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (ChoiceUpdate update in updates.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (update.Choice == 0 && CacheReport.Of(update) is { } report)
            {
                http.Items[RequestLog.Cache] = report;
                if (!http.Response.HasStarted)
                    http.Response.Headers[Name] = report;
            }

            yield return update;
        }
    }
}
