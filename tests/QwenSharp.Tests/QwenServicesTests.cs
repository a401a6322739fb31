using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using QwenSharp.Models;

namespace QwenSharp.Tests;

public sealed class QwenServicesTests : IDisposable
{
    private static readonly ChatOptions Greedy = new() { Temperature = 0 };

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_registered_client_answers_and_its_model_lives_as_long_as_the_services()
    {
        ServiceProvider services = new ServiceCollection()
            .AddQwenChatClient(ScriptedCheckpoint.Write(_folder["model.gguf"], ["Hi", "."]), new QwenModelOptions { Threads = 1, Id = "mine" })
            .BuildServiceProvider();
        IChatClient client = services.GetRequiredService<IChatClient>();
        Assert.Same(client, services.GetRequiredService<IChatClient>());

        ChatResponse answer = await client.GetResponseAsync("Hello", Greedy, Stop);
        Assert.Equal(("Hi.", "mine"), (answer.Text, answer.ModelId));

        await services.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.GetResponseAsync("Hello", Greedy, Stop));
    }

    [Fact]
    public async Task Services_that_are_disposed_without_waiting_dispose_the_model_too()
    {
        ServiceProvider services = new ServiceCollection()
            .AddQwenChatClient(ScriptedCheckpoint.Write(_folder["model.gguf"], ["Hi", "."]))
            .BuildServiceProvider();
        IChatClient client = services.GetRequiredService<IChatClient>();
        await client.GetResponseAsync("Hello", Greedy, Stop);

#pragma warning disable CA1849 // That this call ends, and ends the model, is what is tested.
        services.Dispose();
#pragma warning restore CA1849
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.GetResponseAsync("Hello", Greedy, Stop));
    }

    [Fact]
    public void A_model_is_loaded_when_it_is_asked_for_and_not_before()
    {
        ServiceProvider services = new ServiceCollection().AddQwenChatClient(_folder["missing.gguf"]).BuildServiceProvider();

        Assert.Throws<FileNotFoundException>(() => services.GetRequiredService<IChatClient>());
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddQwenChatClient(" "));
    }

    [Fact]
    public async Task Clients_under_keys_and_an_embedder_have_models_of_their_own()
    {
        await using ServiceProvider services = new ServiceCollection()
            .AddKeyedQwenChatClient("short", ScriptedCheckpoint.Write(_folder["short.gguf"], ["Hi", "."]))
            .AddKeyedQwenChatClient("long", _ => QwenModel.Load(ScriptedCheckpoint.Write(_folder["long.gguf"], ["Good", " morning", "."])))
            .AddQwenEmbeddingGenerator(RandomCheckpoint.Write(_folder["embedding.gguf"], Pooling.Last), new QwenModelOptions { Threads = 1 })
            .AddKeyedQwenEmbeddingGenerator("other", RandomCheckpoint.Write(_folder["other.gguf"], Pooling.Last))
            .BuildServiceProvider();

        Assert.Null(services.GetService<IChatClient>());
        Assert.Equal("Hi.", (await services.GetRequiredKeyedService<IChatClient>("short").GetResponseAsync("?", Greedy, Stop)).Text);
        Assert.Equal("Good morning.", (await services.GetRequiredKeyedService<IChatClient>("long").GetResponseAsync("?", Greedy, Stop)).Text);

        GeneratedEmbeddings<Embedding<float>> made = await services
            .GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>()
            .GenerateAsync(["text"], new EmbeddingGenerationOptions { Dimensions = 16 }, Stop);
        Assert.Equal(("embedding", 16), (made[0].ModelId, made[0].Dimensions));
        Assert.Equal(
            "other",
            services.GetRequiredKeyedService<IEmbeddingGenerator<string, Embedding<float>>>("other").GetService<QwenModel>()!.Id);
    }
}
