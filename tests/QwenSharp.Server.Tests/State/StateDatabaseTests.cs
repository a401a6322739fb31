using System.Data.Common;
using QwenSharp.Server.State;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests.State;

/// <summary>The state's database, in SQLite and in PostgreSQL.</summary>
public sealed class StateDatabaseTests(PostgresServer postgres) : IDisposable
{
    private static readonly Migration First = new(
        "notes-1",
        "CREATE TABLE notes (id TEXT PRIMARY KEY, words TEXT, weight DOUBLE PRECISION, born BIGINT, body BYTEA)",
        "CREATE INDEX notes_by_birth ON notes (born)");

    private static readonly Migration Second = new("notes-2", "ALTER TABLE notes ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'");

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Databases => ["sqlite", "postgres"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Values_come_back_as_they_were_written(string database)
    {
        string hostile = "'); DROP TABLE notes; -- {0} @p0 Łódź 北京";
        await using StateDatabase state = StateDatabase.At(await PlaceAsync(database), [First]);

        await state.ExecuteAsync(
            $"INSERT INTO notes (id, words, weight, born, body) VALUES ({hostile}, {null}, {0.1}, {long.MaxValue}, {new byte[] { 0, 255 }})",
            Token);

        (string Id, bool Wordless, double Weight, long Born, byte[] Body) note = Assert.Single(await state.QueryAsync(
            $"SELECT id, words, weight, born, body FROM notes WHERE id = {hostile}",
            row => (row.GetString(0), row.IsDBNull(1), row.GetDouble(2), row.GetInt64(3), row.GetFieldValue<byte[]>(4)),
            Token));
        Assert.Equal((hostile, true, 0.1, long.MaxValue), (note.Id, note.Wordless, note.Weight, note.Born));
        Assert.Equal([0, 255], note.Body);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_fails_in_the_middle_leaves_nothing(string database)
    {
        await using StateDatabase state = StateDatabase.At(await PlaceAsync(database), [First]);
        await Add(state, "there");

        await Assert.ThrowsAnyAsync<DbException>(() => state.WriteAsync(
            async statements =>
            {
                await statements.ExecuteAsync($"INSERT INTO notes (id) VALUES ({"new"})", Token);
                return await statements.ExecuteAsync($"INSERT INTO notes (id) VALUES ({"there"})", Token);
            },
            Token));

        Assert.Equal(["there"], await Ids(state));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_newer_schema_goes_on_from_an_older_one(string database)
    {
        string place = await PlaceAsync(database);
        await using (StateDatabase old = StateDatabase.At(place, [First]))
            await Add(old, "kept");

        await using (StateDatabase newer = StateDatabase.At(place, [First, Second]))
        {
            Assert.Equal(
                ["grey"], await newer.QueryAsync($"SELECT colour FROM notes", row => row.GetString(0), Token));
        }

        await using StateDatabase older = StateDatabase.At(place, [First]);
        InvalidDataException refused = await Assert.ThrowsAsync<InvalidDataException>(() => Ids(older));
        Assert.Contains("'notes-2'", refused.Message);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Many_writers_at_once_lose_nothing(string database)
    {
        string place = await PlaceAsync(database);
        await using StateDatabase one = StateDatabase.At(place, [First]);
        await using StateDatabase other = StateDatabase.At(place, [First]);

        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(() => Add(i % 2 == 0 ? one : other, $"{i:00}"), Token)));

        Assert.Equal(Enumerable.Range(0, 60).Select(i => $"{i:00}"), await Ids(one));
        Assert.Equal(60, (await Ids(other)).Count);
    }

    [Fact]
    public async Task Nothing_is_on_disk_before_something_is_written()
    {
        string folder = _folder["state"];
        await using StateDatabase state = StateDatabase.At(folder, [First]);

        Assert.Empty(await Ids(state));
        Assert.False(Directory.Exists(folder));

        await Add(state, "first");
        Assert.True(File.Exists(Path.Combine(folder, StateDatabase.FileName)));
    }

    [Theory]
    [InlineData("postgres://ann:p%40ss@db.example:5433/qwen?sslmode=require", "Host=db.example;Port=5433;Username=ann;Password=p@ss;Database=qwen;SSL Mode=Require")]
    [InlineData("postgresql://localhost/qwen", "Host=localhost;Database=qwen")]
    [InlineData("postgres:///qwen?host=/run/postgresql", "Database=qwen;Host=/run/postgresql")]
    public void An_address_is_read_as_PostgreSQL_s_own_programs_read_it(string address, string expected) =>
        Assert.Equal(expected, PostgresAddress.ToConnectionString(address));

    [Theory]
    [InlineData("postgres://ann:secret@host:99999/x")]
    [InlineData("postgres://ann:secret@localhost/x?colour=red")]
    public void A_wrong_address_is_refused_without_its_password(string address) =>
        Assert.DoesNotContain("secret", Assert.Throws<ArgumentException>(() => PostgresAddress.ToConnectionString(address)).Message);

    private static Task Add(StateDatabase state, string id) => state.ExecuteAsync($"INSERT INTO notes (id) VALUES ({id})", Token);

    private static Task<IReadOnlyList<string>> Ids(StateDatabase state) =>
        state.QueryAsync($"SELECT id FROM notes ORDER BY id", row => row.GetString(0), Token);

    private async Task<string> PlaceAsync(string database) =>
        database == "sqlite" ? _folder["state"] : await postgres.NewDatabaseAsync();
}
