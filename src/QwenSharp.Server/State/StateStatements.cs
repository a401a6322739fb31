using System.Data.Common;
using System.Globalization;

namespace QwenSharp.Server.State;

/// <summary>Runs statements on one connection, within its transaction where it has one.</summary>
internal sealed class StateStatements(DbConnection connection, DbTransaction? transaction = null)
{
    /// <summary>Runs a statement and gives how many rows it changed.</summary>
    public async Task<int> ExecuteAsync(FormattableString statement, CancellationToken cancellationToken)
    {
        DbCommand command = Command(statement);
        await using (command.ConfigureAwait(false))
            return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a step of the schema, as it is written.</summary>
    public async Task ExecuteAsync(Migration migration, CancellationToken cancellationToken)
    {
        foreach (string statement in migration.Statements)
        {
            DbCommand command = Command($"");
            command.CommandText = statement;
            await using (command.ConfigureAwait(false))
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Runs a statement that gives rows.</summary>
    /// <param name="query">The statement.</param>
    /// <param name="read">Reads the row that the reader is at.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(
        FormattableString query, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        DbCommand command = Command(query);
        await using (command.ConfigureAwait(false))
        {
            DbDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                List<T> rows = [];
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                    rows.Add(read(reader));

                return rows;
            }
        }
    }

    private DbCommand Command(FormattableString statement)
    {
        DbCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        string[] names = [.. Enumerable.Range(0, statement.ArgumentCount).Select(i => $"@p{i}")];
        command.CommandText = string.Format(CultureInfo.InvariantCulture, statement.Format, [.. names]);
        foreach ((int i, object? value) in statement.GetArguments().Index())
        {
            DbParameter parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (names[i], value ?? DBNull.Value);
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
