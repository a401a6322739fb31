using System.Buffers.Text;
using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace QwenSharp.Server.State;

/// <summary>
/// The keys of a server's clients, and what they used. A key is <c>ID_SECRET</c>, its secret 256 random bits, of which a salted hash is
/// kept: guessing is hopeless, so the hash need not be slow. Running servers see a change within a second.
/// </summary>
public sealed class ApiKeyStore : IAsyncDisposable
{
    private const string Prefix = "qs_";
    private const int IdLength = 15;

    private readonly StateDatabase _state;
    private readonly bool _owned;

    internal ApiKeyStore(StateDatabase state, bool owned = false) => (_state, _owned) = (state, owned);

    internal static Migration Schema { get; } = new(
        "keys-1",
        """
        CREATE TABLE api_keys (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, salt BYTEA NOT NULL, hash BYTEA NOT NULL, models TEXT NOT NULL,
            endpoints TEXT NOT NULL, created BIGINT NOT NULL, expires BIGINT, revoked BIGINT, requests_per_minute BIGINT,
            tokens_per_minute BIGINT, concurrent BIGINT)
        """,
        """
        CREATE TABLE key_usage (
            api_key TEXT NOT NULL, day TEXT NOT NULL, model TEXT NOT NULL, requests BIGINT NOT NULL, prompt_tokens BIGINT NOT NULL,
            cached_tokens BIGINT NOT NULL, completion_tokens BIGINT NOT NULL, PRIMARY KEY (api_key, day, model))
        """);

    internal static Migration PrioritySchema { get; } =
        new("keys-2", "ALTER TABLE api_keys ADD COLUMN priority BIGINT NOT NULL DEFAULT 0");

    /// <summary>The keys of the state at a place, which is made when the first key is.</summary>
    /// <param name="place">See <see cref="ServerOptions.State"/>.</param>
    /// <exception cref="ArgumentException">It begins as the address of a database does, and is none.</exception>
    public static ApiKeyStore At(string place) => new(StateDatabase.At(place), owned: true);

    /// <summary>Makes a key.</summary>
    /// <returns>The key, and its whole text, which nobody can tell later.</returns>
    /// <exception cref="ArgumentException">The terms have a scope that there is not.</exception>
    public async Task<(ApiKey Key, string Text)> CreateAsync(ApiKeyTerms terms, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(terms);
        if (terms.Endpoints.FirstOrDefault(scope => !ApiKeyTerms.AllScopes.Contains(scope)) is { } unknown)
            throw new ArgumentException($"There is no scope '{unknown}'; there are {string.Join(", ", ApiKeyTerms.AllScopes)}.");

        string id = Prefix + RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", IdLength - Prefix.Length);
        string secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        byte[] salt = RandomNumberGenerator.GetBytes(16);
        ApiKey key = new(id, terms, DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()), Revoked: null);
        await _state.ExecuteAsync(
            $"""
            INSERT INTO api_keys (
                id, name, salt, hash, models, endpoints, created, expires, revoked, requests_per_minute, tokens_per_minute, concurrent,
                priority)
            VALUES (
                {id}, {terms.Name}, {salt}, {Hash(salt, secret)}, {string.Join('\n', terms.Models)}, {string.Join('\n', terms.Endpoints)},
                {key.Created.ToUnixTimeMilliseconds()}, {terms.Expires?.ToUnixTimeMilliseconds()}, {(long?)null},
                {(long?)terms.RequestsPerMinute}, {(long?)terms.TokensPerMinute}, {(long?)terms.Concurrent},
                {(long)terms.Priority})
            """,
            cancellationToken).ConfigureAwait(false);
        return (key, $"{id}_{secret}");
    }

    /// <summary>All keys, the revoked and expired ones too, in the order in which they were made.</summary>
    public async Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancellationToken = default) =>
        [.. (await ReadAsync(cancellationToken).ConfigureAwait(false)).Select(secret => secret.Key)];

    /// <summary>Ends a key, for good.</summary>
    /// <returns>Whether there is one of this id that was not revoked before.</returns>
    public async Task<bool> RevokeAsync(string id, CancellationToken cancellationToken = default) =>
        (await ListAsync(cancellationToken).ConfigureAwait(false)).Any(key => key.Id == id && key.Revoked is null)
        && await _state.ExecuteAsync(
            $"UPDATE api_keys SET revoked = {DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()} WHERE id = {id} AND revoked IS NULL",
            cancellationToken).ConfigureAwait(false) > 0;

    /// <summary>What the keys have used, by key, day and model.</summary>
    public Task<IReadOnlyList<KeyUsage>> UsageAsync(CancellationToken cancellationToken = default) => _state.QueryAsync(
        $"""
        SELECT api_key, day, model, requests, prompt_tokens, cached_tokens, completion_tokens FROM key_usage
        ORDER BY api_key, day, model
        """,
        row => new KeyUsage(
            row.GetString(0),
            DateOnly.ParseExact(row.GetString(1), "O", CultureInfo.InvariantCulture),
            row.GetString(2),
            row.GetInt64(3),
            row.GetInt64(4),
            row.GetInt64(5),
            row.GetInt64(6)),
        cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _owned ? _state.DisposeAsync() : ValueTask.CompletedTask;

    /// <summary>All keys with what their secrets are known by.</summary>
    internal Task<IReadOnlyList<HashedKey>> ReadAsync(CancellationToken cancellationToken) => _state.QueryAsync(
        $"""
        SELECT id, name, salt, hash, models, endpoints, created, expires, revoked, requests_per_minute, tokens_per_minute, concurrent,
            priority
        FROM api_keys ORDER BY created, id
        """,
        Read,
        cancellationToken);

    /// <summary>Adds to what keys have used.</summary>
    internal Task AddAsync(IReadOnlyList<KeyUsage> more, CancellationToken cancellationToken) => _state.WriteAsync(
        async statements =>
        {
            foreach (KeyUsage usage in more)
            {
                await statements.ExecuteAsync(
                    $"""
                    INSERT INTO key_usage (api_key, day, model, requests, prompt_tokens, cached_tokens, completion_tokens)
                    VALUES (
                        {usage.KeyId}, {usage.Day.ToString("O", CultureInfo.InvariantCulture)}, {usage.Model}, {usage.Requests},
                        {usage.PromptTokens}, {usage.CachedTokens}, {usage.CompletionTokens})
                    ON CONFLICT (api_key, day, model) DO UPDATE SET
                        requests = key_usage.requests + excluded.requests,
                        prompt_tokens = key_usage.prompt_tokens + excluded.prompt_tokens,
                        cached_tokens = key_usage.cached_tokens + excluded.cached_tokens,
                        completion_tokens = key_usage.completion_tokens + excluded.completion_tokens
                    """,
                    cancellationToken).ConfigureAwait(false);
            }

            return more.Count;
        },
        cancellationToken);

    /// <summary>The two parts of a key's text; null where it has not the form of one.</summary>
    internal static (string Id, string Secret)? Split(string text) =>
        text.Length > IdLength + 1 && text.StartsWith(Prefix, StringComparison.Ordinal) && text[IdLength] == '_'
            ? (text[..IdLength], text[(IdLength + 1)..])
            : null;

    /// <summary>What is kept of a secret.</summary>
    internal static byte[] Hash(byte[] salt, string secret) => SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(secret)]);

    private static HashedKey Read(DbDataReader row)
    {
        DateTimeOffset? Time(int column) =>
            row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));
        int? Limit(int column) => row.IsDBNull(column) ? null : (int)row.GetInt64(column);
        string[] Words(int column) => row.GetString(column).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        ApiKeyTerms terms = new(row.GetString(1))
        {
            Models = Words(4),
            Endpoints = Words(5),
            Expires = Time(7),
            RequestsPerMinute = Limit(9),
            TokensPerMinute = Limit(10),
            Concurrent = Limit(11),
            Priority = (KeyPriority)row.GetInt64(12),
        };
        ApiKey key = new(row.GetString(0), terms, Time(6)!.Value, Time(8));
        return new HashedKey(key, row.GetFieldValue<byte[]>(2), row.GetFieldValue<byte[]>(3));
    }
}

/// <summary>A key with what its secret is known by.</summary>
internal sealed record HashedKey(ApiKey Key, byte[] Salt, byte[] Hash)
{
    /// <summary>Whether a secret is this key's; takes as long for a wrong one as for the right one.</summary>
    public bool Fits(string secret) => CryptographicOperations.FixedTimeEquals(ApiKeyStore.Hash(Salt, secret), Hash);
}
