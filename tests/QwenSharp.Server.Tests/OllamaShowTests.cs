using System.Net.Http.Json;
using System.Text.Json.Nodes;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests;

/// <summary><c>/api/show</c> of a model with a vocabulary.</summary>
public class OllamaShowTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_vocabulary_and_the_tensors_are_told_where_everything_is_asked_for()
    {
        using TemporaryFolder folder = new();
        ModelSource model = new(ScriptedCheckpoint.Write(folder["tiny.gguf"]), new QwenModelOptions { Threads = 1 });
        await using QwenServer server = await QwenServer.StartAsync(new ServerOptions { Port = 0, Models = [model] }, Stop);

        JsonNode brief = await ShowAsync(server, verbose: false), whole = await ShowAsync(server, verbose: true);

        Assert.Null(brief["tensors"]);
        Assert.False(brief["model_info"]!.AsObject().ContainsKey("tokenizer.ggml.tokens"));
        Assert.Equal("gpt2", (string)brief["model_info"]!["tokenizer.ggml.model"]!);

        JsonNode info = whole["model_info"]!;
        Assert.Contains("Hello", info["tokenizer.ggml.tokens"]!.AsArray().Select(token => (string)token!));
        Assert.Equal("h e", (string)Assert.Single(info["tokenizer.ggml.merges"]!.AsArray())!);
        Assert.Equal((string)brief["template"]!, (string)whole["template"]!);
        Assert.False(info.AsObject().ContainsKey("tokenizer.chat_template"));
        JsonNode embedding = whole["tensors"]!.AsArray().Single(tensor => (string)tensor!["name"]! == "token_embd.weight")!;
        int width = info["tokenizer.ggml.tokens"]!.AsArray().Count;
        Assert.Equal(("F32", width, width), ((string)embedding["type"]!, (int)embedding["shape"]![0]!, (int)embedding["shape"]![1]!));
    }

    private static async Task<JsonNode> ShowAsync(QwenServer server, bool verbose)
    {
        using HttpClient client = new() { BaseAddress = server.Address };
        using HttpResponseMessage reply = await client.PostAsJsonAsync("/api/show", new { model = "tiny", verbose }, Stop);
        return JsonNode.Parse(await reply.Content.ReadAsStringAsync(Stop))!;
    }
}
