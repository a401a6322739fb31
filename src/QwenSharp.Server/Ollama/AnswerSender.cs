using System.Text.Json;
using QwenSharp.Protocols.Events;
using QwenSharp.Protocols.Ollama;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;
using QwenSharp.Server.Operations;

namespace QwenSharp.Server.Ollama;

/// <summary>What is the same for conversations and prompts.</summary>
internal static class AnswerSender
{
    private static readonly StreamFormat<AnswerReply> Format = OllamaDialect.Lines(OllamaJson.Default.AnswerReply);

    /// <summary>Asks a loaded model and sends its answer, line by line or whole.</summary>
    public static async Task AnswerAsync(
        DialectService service,
        HttpContext http,
        string model,
        GenerationFields generation,
        AnswerReplies replies,
        ChoiceSource source,
        CancellationToken work)
    {
        AnswerStream answers = new(AnswerWatch.Observe(http, model, Choices.MergeAsync(source, work)), choicesPerPrompt: 1);
        if (generation.Stream)
        {
            await service.Replies.StreamAsync(http, replies.ToLinesAsync(answers, work), Format, work).ConfigureAwait(false);
        }
        else
        {
            AnswerReply reply = await replies.FoldAsync(answers, work).ConfigureAwait(false);
            await JsonReply.SendAsync(http, reply, OllamaJson.Default.AnswerReply).ConfigureAwait(false);
        }
    }

    /// <summary>Whether a request asks anything; one that does not is to load a model, or to unload it.</summary>
    public static bool Asks(JsonDocument body, params ReadOnlySpan<string> fields)
    {
        foreach (string field in fields)
        {
            if (body.RootElement.ValueKind == JsonValueKind.Object
                && body.RootElement.TryGetProperty(field, out JsonElement value)
                && value.ValueKind switch
                {
                    JsonValueKind.String => !value.ValueEquals(""),
                    JsonValueKind.Array => value.GetArrayLength() > 0,
                    _ => false,
                })
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Loads a model, or unloads it where it is to stay no time, for a request that asks it nothing.</summary>
    /// <exception cref="HttpFault">400: it stays, as the server was started with it.</exception>
    public static async Task LoadAsync(
        DialectService service, HttpContext http, GenerationFields generation, ModelEntry entry, bool isChat, CancellationToken work)
    {
        bool unloads = generation.KeepAlive == TimeSpan.Zero;
        if (unloads)
        {
            if (entry.Description.Stays)
            {
                throw new HttpFault(
                    StatusCodes.Status400BadRequest,
                    HttpFaultKind.Malformed,
                    $"'{entry.Name}' is not unloaded: the server was started with it, and it stays.");
            }

            service.Models.Retire(entry);
        }
        else
        {
            using ModelLease lease = await service.Models.AcquireAsync(entry, work).ConfigureAwait(false);
            Keep(lease, generation.KeepAlive);
        }

        AnswerReplies replies = new(generation.Model, isChat, logprobs: false, began: 0, loading: TimeSpan.Zero);
        AnswerReply reply = replies.Without(unloads ? "unload" : "load");
        await JsonReply.SendAsync(http, reply, OllamaJson.Default.AnswerReply).ConfigureAwait(false);
    }

    /// <summary>Has a model stay for as long as a request says, if it does.</summary>
    public static void Keep(ModelLease lease, TimeSpan? keepAlive)
    {
        if (keepAlive is { } time)
            lease.Keep(time);
    }

    /// <summary>Refuses what a model cannot do.</summary>
    /// <exception cref="HttpFault">400: it cannot.</exception>
    public static void Require(bool? can, ModelEntry entry, string what)
    {
        if (can is false)
        {
            throw new HttpFault(
                StatusCodes.Status400BadRequest, HttpFaultKind.Malformed, $"\"{entry.Name}\" does not support {what}");
        }
    }
}
