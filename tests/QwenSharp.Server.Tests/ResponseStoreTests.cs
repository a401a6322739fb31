using System.Text.Json;
using QwenSharp.Server.OpenAI.Responses;
using QwenSharp.Server.State;
using QwenSharp.Server.Tests.Catalog;
using QwenSharp.Server.Tests.State;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests;

/// <summary>What keeps responses and conversations: memory, SQLite and PostgreSQL alike.</summary>
public sealed class ResponseStoreTests(PostgresServer postgres) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task What_is_kept_is_found_changed_by_many_at_once_and_forgotten(string kind)
    {
        await using StateDatabase? state = await StateAsync(kind);
        IResponseStore store = state is null ? new MemoryResponseStore() : new StateResponseStore(state, TimeProvider.System);
        string hostile = "msg_'\"\0 Łódź";
        await store.AddAsync(Stored("resp_1", hostile) with { Inputs = 1, PreviousId = "resp_0" }, Token);
        await store.AddAsync(Stored("conv_1"), Token);

        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(
            () => store.ChangeAsync("conv_1", before => before with { Items = [.. before.Items, Item($"msg_{i}")] }, Token), Token)));

        StoredObject response = (await store.FindAsync("resp_1", Token))!;
        Assert.Equal((1, "resp_0"), (response.Inputs, response.PreviousId));
        Assert.Equal("completed", response.Body.GetProperty("status").GetString());
        Assert.Equal(hostile, response.ItemIds.Single());
        Assert.Equal(12, (await store.FindAsync("conv_1", Token))!.ItemIds.Distinct().Count());
        Assert.NotNull(await store.FindItemAsync("msg_7", Token));
        Assert.Null(await store.ChangeAsync("conv_none", before => before, Token));
        Assert.True(await store.RemoveAsync("conv_1", Token));
        Assert.False(await store.RemoveAsync("conv_1", Token));
        Assert.Null(await store.FindItemAsync("msg_7", Token));
    }

    [Fact]
    public async Task Memory_holds_what_was_asked_for_last()
    {
        MemoryResponseStore few = new(mostObjects: 2);
        foreach (string id in (string[])["resp_1", "resp_2"])
            await few.AddAsync(Stored(id), Token);

        await few.FindAsync("resp_1", Token);
        await few.AddAsync(Stored("resp_3"), Token);
        MemoryResponseStore small = new(mostBytes: 300);
        await small.AddAsync(Stored("resp_1", new string('x', 200)), Token);
        await small.AddAsync(Stored("resp_2", new string('x', 200)), Token);

        Assert.NotNull(await few.FindAsync("resp_1", Token));
        Assert.Null(await few.FindAsync("resp_2", Token));
        Assert.Null(await small.FindAsync("resp_1", Token));
        Assert.NotNull(await small.FindAsync("resp_2", Token));
    }

    [Fact]
    public async Task A_database_holds_responses_for_thirty_days_and_conversations_for_ever()
    {
        ManualTime time = new();
        await using StateDatabase? state = await StateAsync("sqlite");
        StateResponseStore store = new(state!, time);
        await store.AddAsync(Stored("resp_1", "msg_1"), Token);
        await store.AddAsync(Stored("conv_1"), Token);

        time.Advance(TimeSpan.FromDays(31));
        StoredObject? late = await store.FindAsync("resp_1", Token);
        await store.AddAsync(Stored("resp_2"), Token);

        Assert.Null(late);
        Assert.NotNull(await store.FindAsync("conv_1", Token));
        IReadOnlyList<string> left = await state!.QueryAsync($"SELECT id FROM response_objects ORDER BY id", row => row.GetString(0), Token);
        Assert.Equal(["conv_1", "resp_2"], left);
        Assert.Empty(await state.QueryAsync($"SELECT id FROM response_items", row => row.GetString(0), Token));
    }

    private static StoredObject Stored(string id, params string[] items) =>
        new(id, JsonElement.Parse("""{"status":"completed"}"""), [.. items.Select(Item)]);

    private static JsonElement Item(string id) => JsonElement.Parse($$"""{"id":{{JsonSerializer.Serialize(id)}}}""");

    private async Task<StateDatabase?> StateAsync(string kind) => kind switch
    {
        "memory" => null,
        "sqlite" => StateDatabase.At(_folder["state"]),
        _ => StateDatabase.At(await postgres.NewDatabaseAsync()),
    };
}
