using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Gateway.Providers.Errors;
using QwenSharp.Gateway.Providers.OpenAIChat;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Ollama;

/// <summary>Reads Ollama's answers, whose lines are answers themselves. Calls come whole.</summary>
internal sealed class OllamaReplyReader(ProviderSettings settings, WireForm form) : ReplyReader(ProviderKinds.Word(settings.Kind))
{
    private int _calls;

    public override void Read(WireEvent read)
    {
        using JsonDocument line = JsonDocument.Parse(read.Data);
        ReadWhole(line.RootElement);
    }

    public override void ReadWhole(JsonElement reply)
    {
        if (reply.Member("error") is not null)
            throw new ProviderException(ErrorReader.Read(settings, form, ErrorBody.Read(reply, status: null)));

        Answer.ModelId ??= reply.Text("model");
        if (reply.Member("message") is { } message)
        {
            Answer.Reasoning(message.Text("thinking"));
            Answer.Text(message.Text("content"), [.. reply.Items("logprobs").Select(ChatLogprobs.Token)]);
            foreach (JsonElement call in message.Items("tool_calls"))
                ReadCall(call);
        }

        // Of a connection that was closed there on the way there is no reason.
        if (reply.Member("done") is not { ValueKind: JsonValueKind.True } || reply.Text("done_reason") is "")
            return;

        long? prompt = reply.Count("prompt_eval_count"), answer = reply.Count("eval_count");
        Answer.Usage = new UsageDetails
        {
            InputTokenCount = prompt,
            OutputTokenCount = answer,
            TotalTokenCount = prompt + answer,
        };
        Answer.Finish(reply.Text("done_reason") == "length" ? ChatFinishReason.Length : ChatFinishReason.Stop);
        Answer.End();
    }

    private void ReadCall(JsonElement call)
    {
        JsonElement function = call.Member("function") ?? default;
        string name = function.Text("name") ?? throw new WireFormatException("a call without a name");
        Answer.Call(_calls++, call.Text("id"), name, function.Member("arguments")?.GetRawText() ?? "{}");
    }
}
