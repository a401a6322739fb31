using System.Data.Common;
using System.Globalization;
using QwenSharp.Server.State;

namespace QwenSharp.Server.Batches;

/// <summary>
/// Batches and their lines, in the state's database. A line's result and that it has one are one row, written at once and only where it
/// has none: whatever ends the server, a line is answered in the results exactly once.
/// </summary>
internal sealed class BatchStore(StateDatabase state)
{
    private const int LinesAtOnce = 100;

    /// <summary>The tables.</summary>
    public static Migration Schema { get; } = new(
        "batches-1",
        """
        CREATE TABLE batches (
            id TEXT PRIMARY KEY, form TEXT NOT NULL, owner TEXT NOT NULL, endpoint TEXT NOT NULL, created BIGINT NOT NULL,
            expires BIGINT NOT NULL, status TEXT NOT NULL, input_file TEXT, metadata TEXT, errors TEXT, output_file TEXT, error_file TEXT,
            begun BIGINT, finalizing BIGINT, cancelling BIGINT, ended BIGINT, counts TEXT)
        """,
        """
        CREATE TABLE batch_lines (
            batch TEXT NOT NULL, line BIGINT NOT NULL, custom_id TEXT NOT NULL, body BYTEA, state BIGINT NOT NULL, result BYTEA,
            PRIMARY KEY (batch, line))
        """);

    /// <summary>Keeps a batch whose lines are in a file, or come with it.</summary>
    public Task AddAsync(Batch batch, IReadOnlyList<BatchLine> lines, CancellationToken cancellationToken) => state.WriteAsync(
        async statements =>
        {
            await statements
                .ExecuteAsync(
                    $"""
                    INSERT INTO batches (id, form, owner, endpoint, created, expires, status, input_file, metadata, begun) VALUES (
                        {batch.Id}, {batch.Form}, {batch.Owner}, {batch.Endpoint}, {Stamp(batch.Created)}, {Stamp(batch.Expires)},
                        {batch.Status.ToString()}, {batch.InputFile}, {batch.Metadata}, {Stamp(batch.Begun)})
                    """,
                    cancellationToken)
                .ConfigureAwait(false);
            return await InsertAsync(statements, batch.Id, lines, cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    /// <summary>A batch; null where there is none of this name, or it is another's.</summary>
    public async Task<Batch?> FindAsync(string id, string? owner, CancellationToken cancellationToken)
    {
        IReadOnlyList<Batch> found = await state
            .QueryAsync($"SELECT * FROM batches WHERE id = {id}", Read, cancellationToken).ConfigureAwait(false);
        return found.Count == 0 || (owner is not null && found[0].Owner != owner)
            ? null
            : await CountAsync(found[0], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The batches of a form, the newest first, without the counts of those that go on.</summary>
    public async Task<IReadOnlyList<Batch>> ListAsync(string form, string? owner, CancellationToken cancellationToken) =>
        [
            .. (await state
                .QueryAsync(
                    $"SELECT * FROM batches WHERE form = {form} ORDER BY created DESC, id DESC", Read, cancellationToken)
                .ConfigureAwait(false))
            .Where(batch => owner is null || batch.Owner == owner),
        ];

    /// <summary>The batches that have not ended, the oldest first.</summary>
    public async Task<IReadOnlyList<Batch>> ActiveAsync(CancellationToken cancellationToken) => await state
        .QueryAsync($"SELECT * FROM batches WHERE ended IS NULL ORDER BY created, id", Read, cancellationToken).ConfigureAwait(false);

    /// <summary>A batch with how far its lines are.</summary>
    public async Task<Batch> CountAsync(Batch batch, CancellationToken cancellationToken)
    {
        if (batch.HasEnded)
            return batch;

        IReadOnlyList<(LineState State, long Lines)> counts = await state
            .QueryAsync(
                $"SELECT state, COUNT(*) FROM batch_lines WHERE batch = {batch.Id} GROUP BY state",
                row => ((LineState)row.GetInt64(0), row.GetInt64(1)),
                cancellationToken)
            .ConfigureAwait(false);
        return batch with { Counts = Sum(counts) };
    }

    /// <summary>The lines of a file were read: from now on they are answered.</summary>
    public Task BeginAsync(string id, IReadOnlyList<BatchLine> lines, CancellationToken cancellationToken) => state.WriteAsync(
        async statements => await statements
            .ExecuteAsync(
                $"""
                UPDATE batches SET status = {nameof(BatchStatus.InProgress)}, begun = {Stamp(DateTimeOffset.UtcNow)}
                WHERE id = {id} AND status = {nameof(BatchStatus.Validating)}
                """,
                cancellationToken)
            .ConfigureAwait(false) > 0
            ? await InsertAsync(statements, id, lines, cancellationToken).ConfigureAwait(false)
            : 0,
        cancellationToken);

    /// <summary>The lines of a file could not be read.</summary>
    public Task FailAsync(string id, string errors, CancellationToken cancellationToken) => state.ExecuteAsync(
        $"""
        UPDATE batches SET status = {nameof(BatchStatus.Failed)}, errors = {errors}, ended = {Stamp(DateTimeOffset.UtcNow)}
        WHERE id = {id} AND ended IS NULL
        """,
        cancellationToken);

    /// <summary>Asks for a batch to be cancelled.</summary>
    /// <returns>Whether it went on until now.</returns>
    public async Task<bool> CancelAsync(string id, CancellationToken cancellationToken) => await state.ExecuteAsync(
        $"""
        UPDATE batches SET status = {nameof(BatchStatus.Cancelling)}, cancelling = {Stamp(DateTimeOffset.UtcNow)}
        WHERE id = {id} AND status IN ({nameof(BatchStatus.Validating)}, {nameof(BatchStatus.InProgress)})
        """,
        cancellationToken).ConfigureAwait(false) > 0;

    /// <summary>The first lines that have no result.</summary>
    public Task<IReadOnlyList<BatchLine>> PendingAsync(string id, int most, CancellationToken cancellationToken) => state.QueryAsync(
        $"""
        SELECT line, custom_id, body FROM batch_lines WHERE batch = {id} AND state = {(long)LineState.Pending} ORDER BY line
        LIMIT {(long)most}
        """,
        row => new BatchLine(row.GetInt64(0), row.GetString(1), row.GetFieldValue<byte[]>(2)),
        cancellationToken);

    /// <summary>Writes a line's result down, where it has none; its body is not needed any more.</summary>
    public Task RecordAsync(string id, long line, LineState result, byte[] words, CancellationToken cancellationToken) =>
        state.ExecuteAsync(
            $"""
            UPDATE batch_lines SET state = {(long)result}, result = {words}, body = NULL
            WHERE batch = {id} AND line = {line} AND state = {(long)LineState.Pending}
            """,
            cancellationToken);

    /// <summary>Results in the order of the lines, so many at once.</summary>
    public Task<IReadOnlyList<(long Line, byte[] Result)>> ResultsAsync(string id, long after, CancellationToken cancellationToken) =>
        state.QueryAsync(
            $"""
            SELECT line, result FROM batch_lines WHERE batch = {id} AND line > {after} AND result IS NOT NULL ORDER BY line
            LIMIT {(long)LinesAtOnce}
            """,
            row => (row.GetInt64(0), row.GetFieldValue<byte[]>(1)),
            cancellationToken);

    /// <summary>All lines that can be are answered: the files are made next.</summary>
    public Task FinalizeAsync(string id, CancellationToken cancellationToken) => state.ExecuteAsync(
        $"""
        UPDATE batches SET status = {nameof(BatchStatus.Finalizing)}, finalizing = {Stamp(DateTimeOffset.UtcNow)}
        WHERE id = {id} AND status = {nameof(BatchStatus.InProgress)}
        """,
        cancellationToken);

    /// <summary>
    /// Ends a batch: lines without a result get one that says why, the files are made, and it has ended; all of that or nothing.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="end">How it ends.</param>
    /// <param name="form">The dialect's form.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task EndAsync(Batch batch, BatchStatus end, IBatchForm form, CancellationToken cancellationToken) => state.WriteAsync(
        async statements =>
        {
            LineState left = end == BatchStatus.Expired ? LineState.Expired : LineState.Cancelled;
            IReadOnlyList<BatchLine> open = await statements
                .QueryAsync(
                    $"SELECT line, custom_id FROM batch_lines WHERE batch = {batch.Id} AND state = {(long)LineState.Pending} ORDER BY line",
                    row => new BatchLine(row.GetInt64(0), row.GetString(1), []),
                    cancellationToken)
                .ConfigureAwait(false);
            foreach (BatchLine line in open)
            {
                await statements
                    .ExecuteAsync(
                        $"""
                        UPDATE batch_lines SET state = {(long)left}, result = {form.Word(line, left, reply: null)}, body = NULL
                        WHERE batch = {batch.Id} AND line = {line.Number}
                        """,
                        cancellationToken)
                    .ConfigureAwait(false);
            }

            BatchCounts counts = Sum(await statements
                .QueryAsync(
                    $"SELECT state, COUNT(*) FROM batch_lines WHERE batch = {batch.Id} GROUP BY state",
                    row => ((LineState)row.GetInt64(0), row.GetInt64(1)),
                    cancellationToken)
                .ConfigureAwait(false));
            string? output = null, errors = null;
            if (form.MakesFiles)
            {
                output = await CopyAsync(statements, batch, succeeded: true, cancellationToken).ConfigureAwait(false);
                errors = await CopyAsync(statements, batch, succeeded: false, cancellationToken).ConfigureAwait(false);
                await statements
                    .ExecuteAsync($"DELETE FROM batch_lines WHERE batch = {batch.Id}", cancellationToken).ConfigureAwait(false);
            }

            string summary = string.Join(' ', counts.Pending, counts.Succeeded, counts.Errored, counts.Cancelled, counts.Expired);
            return await statements
                .ExecuteAsync(
                    $"""
                    UPDATE batches SET status = {end.ToString()}, ended = {Stamp(DateTimeOffset.UtcNow)}, output_file = {output},
                        error_file = {errors}, counts = {summary}
                    WHERE id = {batch.Id}
                    """,
                    cancellationToken)
                .ConfigureAwait(false);
        },
        cancellationToken);

    /// <summary>Deletes a batch that has ended, with its results.</summary>
    public Task DeleteAsync(string id, CancellationToken cancellationToken) => state.WriteAsync(
        async statements =>
        {
            await statements.ExecuteAsync($"DELETE FROM batch_lines WHERE batch = {id}", cancellationToken).ConfigureAwait(false);
            return await statements.ExecuteAsync($"DELETE FROM batches WHERE id = {id}", cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    private static async Task<string?> CopyAsync(
        StateStatements statements, Batch batch, bool succeeded, CancellationToken cancellationToken)
    {
        string id = FileStore.NewId();
        FileStore.FileWriter file = new(statements, id);
        long after = -1;
        while (true)
        {
            IReadOnlyList<(long Line, long State, byte[] Result)> rows = await statements
                .QueryAsync(
                    $"""
                    SELECT line, state, result FROM batch_lines WHERE batch = {batch.Id} AND line > {after} AND result IS NOT NULL
                    ORDER BY line LIMIT {(long)LinesAtOnce}
                    """,
                    row => (row.GetInt64(0), row.GetInt64(1), row.GetFieldValue<byte[]>(2)),
                    cancellationToken)
                .ConfigureAwait(false);
            if (rows.Count == 0)
                break;

            after = rows[^1].Line;
            foreach ((_, _, byte[] result) in rows.Where(row => row.State == (long)LineState.Succeeded == succeeded))
                await file.AppendAsync((byte[])[.. result, (byte)'\n'], cancellationToken).ConfigureAwait(false);
        }

        if (file.IsEmpty)
            return null;

        string name = $"{batch.Id}_{(succeeded ? "output" : "error")}.jsonl";
        await file.EndAsync(batch.Owner, name, "batch_output", expires: null, cancellationToken).ConfigureAwait(false);
        return id;
    }

    private static async Task<int> InsertAsync(
        StateStatements statements, string id, IReadOnlyList<BatchLine> lines, CancellationToken cancellationToken)
    {
        foreach (BatchLine line in lines)
        {
            await statements
                .ExecuteAsync(
                    $"""
                    INSERT INTO batch_lines (batch, line, custom_id, body, state) VALUES (
                        {id}, {line.Number}, {line.CustomId}, {line.Body}, {(long)LineState.Pending})
                    """,
                    cancellationToken)
                .ConfigureAwait(false);
        }

        return lines.Count;
    }

    private static BatchCounts Sum(IReadOnlyList<(LineState State, long Lines)> counts)
    {
        long Of(LineState state) => counts.Where(count => count.State == state).Sum(count => count.Lines);
        return new BatchCounts(
            Of(LineState.Pending), Of(LineState.Succeeded), Of(LineState.Errored), Of(LineState.Cancelled), Of(LineState.Expired));
    }

    private static Batch Read(DbDataReader row)
    {
        string? Text(string column) => row.GetOrdinal(column) is var at && row.IsDBNull(at) ? null : row.GetString(at);
        DateTimeOffset? Time(string column) =>
            row.GetOrdinal(column) is var at && row.IsDBNull(at) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(at));

        long[] counts = [.. (Text("counts") ?? "0 0 0 0 0").Split(' ').Select(count => long.Parse(count, CultureInfo.InvariantCulture))];
        return new Batch(Text("id")!, Text("form")!, Text("owner")!, Text("endpoint")!, Time("created")!.Value, Time("expires")!.Value)
        {
            Status = Enum.Parse<BatchStatus>(Text("status")!),
            InputFile = Text("input_file"),
            Metadata = Text("metadata"),
            Errors = Text("errors"),
            OutputFile = Text("output_file"),
            ErrorFile = Text("error_file"),
            Begun = Time("begun"),
            Finalizing = Time("finalizing"),
            Cancelling = Time("cancelling"),
            Ended = Time("ended"),
            Counts = new BatchCounts(counts[0], counts[1], counts[2], counts[3], counts[4]),
        };
    }

    private static long Stamp(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    private static long? Stamp(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds();
}
