using Microsoft.Extensions.AI;
using QwenSharp.Models;

namespace QwenSharp.Tests;

/// <summary>Adapters of a loaded model, chosen by name.</summary>
public sealed class AdapterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public AdapterTests() => _path = ScriptedCheckpoint.Write(_folder["base.gguf"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_chat_client_answers_with_the_model_that_is_named()
    {
        await using QwenModel model = Load();
        using QwenChatClient client = new(model), late = new(model, "late");

        Assert.Equal(["base", "comma", "late"], model.Names);
        Assert.Equal(("Hello, world!", "base"), await Say(client, null));
        Assert.Equal(("Hello, world!", "base"), await Say(client, "base"));
        Assert.Equal((", world!", "comma"), await Say(client, "comma"));
        Assert.Equal(("ld!", "late"), await Say(client, "late"));
        Assert.Equal(("ld!", "late"), await Say(late, null));
        Assert.Equal((", world!", "comma"), await Say(late, "comma"));
        Assert.Equal("late", late.GetService<ChatClientMetadata>()!.DefaultModelId);
    }

    [Fact]
    public async Task All_answer_at_once()
    {
        await using QwenModel model = Load();
        using QwenChatClient client = new(model);
        string[] names = [.. Enumerable.Range(0, 18).Select(i => model.Names[i % 3])];

        (string Text, string Model)[] answers = await Task.WhenAll(names.Select(name => Say(client, name)));

        Assert.Equal(names, answers.Select(answer => answer.Model));
        Assert.All(
            answers,
            answer =>
                Assert.Equal(
                    answer.Model switch
                    {
                        "base" => "Hello, world!",
                        "comma" => ", world!",
                        _ => "ld!",
                    },
                    answer.Text));
    }

    [Fact]
    public async Task A_prompt_is_completed_with_an_adapter()
    {
        await using QwenModel model = Load();
        string text = "";
        await foreach (
            TextChunk chunk in model.CompleteAsync(
                model.EncodePrompt("\n"),
                new()
                {
                    Adapter = "comma",
                    Sampling = new() { Temperature = 0 },
                },
                TestContext.Current.CancellationToken))
        {
            text += chunk.Text;
        }

        Assert.Equal(", world!", text);
        Assert.Equal("comma", model.ReadOptions(new ChatOptions { ModelId = "comma" }).Adapter);
        Assert.Equal("late", model.ReadOptions(null, "late").Adapter);
        Assert.Null(model.ReadOptions(new ChatOptions { ModelId = "base" }, "late").Adapter);
    }

    [Fact]
    public async Task An_unknown_name_is_refused_with_those_that_there_are()
    {
        await using QwenModel model = Load();
        using QwenChatClient client = new(model);

        string chat = (await Assert.ThrowsAnyAsync<NotSupportedException>(() => Say(client, "other"))).Message;
        string text = Assert
            .ThrowsAny<ArgumentException>(() =>
                model.CompleteAsync(new[] { 10 }, new() { Adapter = "other" }, TestContext.Current.CancellationToken))
            .Message;

        Assert.All(["'other'", "'base'", "'comma'", "'late'"], name => Assert.Contains(name, chat));
        Assert.All(["'other'", "comma", "late"], name => Assert.Contains(name, text));
    }

    [Fact]
    public void An_adapter_that_does_not_fit_or_has_the_models_name_ends_the_loading()
    {
        string other = ScriptedCheckpoint.Write(_folder["other.gguf"], [.. Enumerable.Range(0, 90).Select(i => $"piece {i}")]);
        string wide = ScriptedAdapter.Write(_folder["wide.gguf"], other, 0);

        Assert.Contains("output.weight", Assert.Throws<ModelLoadException>(() => Load(("wide", wide))).Message);
        Assert.Contains(
            "'base'",
            Assert.Throws<ArgumentException>(() => Load(("base", ScriptedAdapter.Write(_folder["a.gguf"], _path, 0)))).Message);
        Assert.Contains("absent", Assert.ThrowsAny<IOException>(() => Load(("absent", _folder["absent"]))).Message);
    }

    private QwenModel Load() =>
        Load(("comma", ScriptedAdapter.Write(_folder["comma.gguf"], _path, 1)), ("late", ScriptedAdapter.Write(_folder["late"], _path, 3)));

    private QwenModel Load(params (string Name, string Path)[] adapters) =>
        QwenModel.Load(_path, new() { Threads = 1, Adapters = adapters.ToDictionary(adapter => adapter.Name, adapter => adapter.Path) });

    private static async Task<(string Text, string Model)> Say(QwenChatClient client, string? model)
    {
        ChatResponse answer = await client.GetResponseAsync(
            [new ChatMessage(ChatRole.User, "Hi")],
            new() { ModelId = model, Temperature = 0 },
            TestContext.Current.CancellationToken);
        return (answer.Text, answer.ModelId!);
    }
}
