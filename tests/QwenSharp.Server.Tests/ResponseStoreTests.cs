using System.Text.Json;
using QwenSharp.Server.Callers;
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
        IResponseStore store = Store(state, new CallerContext());
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

    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task What_is_kept_is_there_for_its_own_key_and_for_whoever_needs_none(string kind)
    {
        await using StateDatabase? state = await StateAsync(kind);
        CallerContext callers = new();
        IResponseStore store = Store(state, callers);
        Caller ann = Holder("qs_ann"), bob = Holder("qs_bob");
        callers.Current = ann;
        await store.AddAsync(Stored("conv_1", "msg_1"), Token);

        callers.Current = bob;
        Assert.Null(await store.FindAsync("conv_1", Token));
        Assert.Null(await store.FindItemAsync("msg_1", Token));
        Assert.Null(await store.ChangeAsync("conv_1", before => before with { Items = [] }, Token));
        Assert.False(await store.RemoveAsync("conv_1", Token));

        // Names of items are the clients' own.
        await store.AddAsync(Stored("conv_2", "msg_1"), Token);
        Assert.NotNull(await store.FindItemAsync("msg_1", Token));

        callers.Current = null;
        Assert.NotNull(await store.ChangeAsync("conv_1", before => before with { Items = [.. before.Items, Item("msg_2")] }, Token));
        callers.Current = ann;
        Assert.NotNull(await store.FindItemAsync("msg_2", Token));
        Assert.Null(await store.FindAsync("conv_2", Token));
        Assert.True(await store.RemoveAsync("conv_1", Token));
        Assert.Null(await store.FindItemAsync("msg_1", Token));
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task What_older_programs_kept_is_nobody_s(string kind)
    {
        string place = kind == "sqlite" ? _folder["state"] : await postgres.NewDatabaseAsync();
        await using (StateDatabase before = StateDatabase.At(place, [.. StateSchema.All.Where(step => step.Name.EndsWith('1'))]))
        {
            StoredObject kept = Stored("conv_1");
            await before.ExecuteAsync(
                $"INSERT INTO response_objects (id, revision, body) VALUES ({kept.Id}, {1L}, {kept.ToBytes()})", Token);
        }

        await using StateDatabase state = StateDatabase.At(place);
        CallerContext callers = new();
        IResponseStore store = Store(state, callers);
        Assert.NotNull(await store.FindAsync("conv_1", Token));
        callers.Current = Holder("qs_ann");
        Assert.Null(await store.FindAsync("conv_1", Token));
    }

    [Fact]
    public async Task Memory_holds_what_was_asked_for_last()
    {
        MemoryResponseStore few = new(new CallerContext(), mostObjects: 2);
        foreach (string id in (string[])["resp_1", "resp_2"])
            await few.AddAsync(Stored(id), Token);

        await few.FindAsync("resp_1", Token);
        await few.AddAsync(Stored("resp_3"), Token);
        MemoryResponseStore small = new(new CallerContext(), mostBytes: 300);
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
        StateResponseStore store = new(state!, new CallerContext(), time);
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

    private static IResponseStore Store(StateDatabase? state, CallerContext callers) =>
        state is null ? new MemoryResponseStore(callers) : new StateResponseStore(state, callers, TimeProvider.System);

    private static Caller Holder(string id) =>
        new(new ApiKey(id, new ApiKeyTerms(id), DateTimeOffset.UtcNow, Revoked: null), new KeyBudget(TimeProvider.System), Usage: null!);

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
